"""Feeds and their private addresses."""

import json
import re
from xml.etree.ElementTree import fromstring

import pytest

from broadsheet.readers.forget import forget


@pytest.mark.parametrize("full", ["", "?full=1"])
@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_a_feed_has_the_stories_of_the_page(visitor, form, full):
    answer = visitor.get(f"/feed.{form}{full}")
    assert answer.status_code == 200
    if form == "json":
        assert len(answer.json()["items"]) == 20
        return
    tags = [element.tag.rpartition("}")[2] for element in fromstring(answer.content).iter()]
    assert tags.count("item" if form == "rss" else "entry") == 20
    assert ("encoded" in tags or "content" in tags) == bool(full)


def test_a_readers_feed_has_an_address_that_ends_when_the_reader_says_so(reader, visitor):
    reader.post("/following/words", words="space rocket planet")
    page = reader.post("/following/feed", act="new").text
    address = re.search(r'href="http://testserver(/feeds/[^"]+/feed\.json)"', page)[1]
    assert "space rocket" not in address and reader.id not in address
    feed = visitor.get(address)
    assert feed.status_code == 200
    assert feed.json()["items"] != visitor.get("/feed.json").json()["items"]
    newer = re.search(r"/feeds/[^/]+/", reader.post("/following/feed", act="new").text)[0]
    assert visitor.get(address).status_code == 404
    assert visitor.get(f"{newer}feed.rss").status_code == 200
    reader.post("/following/feed", act="end")
    assert visitor.get(f"{newer}feed.rss").status_code == 404


def test_the_database_does_not_hold_the_address_itself(reader, service):
    page = reader.post("/following/feed", act="new").text
    token = re.search(r"/feeds/([^/]+)/", page)[1]
    assert token.encode() not in service.state.path.read_bytes()
    assert token not in json.dumps(service.state.rows("SELECT hex(hash), reader FROM feeds"))


def test_the_feed_of_a_reader_whom_another_process_forgot_has_ended(reader, visitor, service):
    address = re.search(r"/feeds/[^/]+/", reader.post("/following/feed", act="new").text)[0]
    assert visitor.get(f"{address}feed.rss").status_code == 200
    forget(service.newsroom, reader.id)
    assert visitor.get(f"{address}feed.rss").status_code == 404
    assert 'value="end"' not in reader.get("/following").text


def test_a_forgotten_readers_feed_has_ended(reader, visitor):
    address = re.search(r"/feeds/[^/]+/", reader.post("/following/feed", act="new").text)[0]
    reader.post("/forget-me", sure="yes")
    assert visitor.get(f"{address}feed.rss").status_code == 404
