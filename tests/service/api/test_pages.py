"""Pages over HTTP: of a reader, of a session, in batches, and in every form."""

import base64
import hashlib
import json
import re
from xml.etree.ElementTree import fromstring

import pytest

from broadsheet.errors import InputError
from broadsheet.service.api.forms import chosen_form
from broadsheet.service.api.pages import _all_asked
from broadsheet.service.serving import page_queue
from broadsheet.service.serving.problems import ServiceError

PAGE = "/v1/readers/fan/page"
ATOM = "{http://www.w3.org/2005/Atom}"


def test_a_page_has_at_most_k_stories_best_first(client):
    page = client.get(PAGE, params={"k": 4}).json()
    assert [story["rank"] for story in page["stories"]] == [1, 2, 3, 4]
    assert page["user_id"] == "fan"
    assert not {"N0", "N3", "N6", "N9"} & {story["news_id"] for story in page["stories"]}


def test_a_page_is_sent_again_until_its_reader_does_something(client, service):
    first = client.get(PAGE, params={"k": 3})
    again = client.get(PAGE, params={"k": 3}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content
    hidden = first.json()["stories"][0]["news_id"]
    event = {"event_id": "hide-1", "kind": "hide", "user_id": "fan", "time": "2024-05-03T12:00:00Z", "news_id": hidden}
    assert client.post("/v1/events", json=event).json()["new"] == 1
    version = service.versions.of("fan")
    service.versions.look()
    assert service.versions.of("fan") == version  # counted when it was logged
    after = client.get(PAGE, params={"k": 3}, headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert hidden not in [story["news_id"] for story in after.json()["stories"]]


def test_an_event_with_blanks_around_its_readers_id_makes_that_readers_page_anew(client):
    first = client.get("/v1/readers/asker/page", params={"k": 3}).json()
    event = {"event_id": "hide-2", "kind": "hide", "user_id": " asker ", "time": "2024-05-03T12:00:00Z"}
    hidden = first["stories"][0]["news_id"]
    assert client.post("/v1/events", json=event | {"news_id": hidden}).json()["new"] == 1
    for name in ("asker", "%20asker"):
        after = client.get(f"/v1/readers/{name}/page", params={"k": 3}).json()
        assert hidden not in [story["news_id"] for story in after["stories"]]


def test_an_id_that_cannot_be_one_is_refused_before_it_waits_with_the_pages_of_others(service):
    waiting = service.page("fan", 2, {})
    with pytest.raises(InputError, match="empty id"):
        service.page(" ", 2, {})
    assert waiting.result(60).user_id == "fan"


def test_a_page_is_logged_as_shown_once_and_only_if_it_counts(client, service):
    page_id = client.get(PAGE, params={"k": 2, "log": "false"}).json()["page_id"]
    assert not len(service.pipeline.events.pages([page_id]))
    for _ in range(2):
        assert client.get(PAGE, params={"k": 2}).json()["page_id"] == page_id
    (event,) = service.pipeline.events.pages([page_id]).to_pylist()
    assert event["user_id"] == "fan"
    assert len(event["shown"]) == 2


def test_a_section_and_excluded_articles_shape_the_page(client):
    page = client.get(PAGE, params={"k": 5, "section": "science", "exclude": ["N59", "N56"]}).json()
    assert {story["category"] for story in page["stories"]} == {"science"}
    assert not {"N59", "N56"} & {story["news_id"] for story in page["stories"]}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("application/rss+xml", "rss"),
        ("application/json;q=0.1, application/atom+xml;q=0.2", "atom"),
        ("application/*", "json"),
        ("text/html;q=0, application/feed+json;q=0.5, text/*", "jsonfeed"),
        ("application/json;q=wrong, text/html;q=0.1", "html"),
    ],
)
def test_accept_chooses_the_form(accept, form):
    assert chosen_form(None, accept) == form


def test_a_form_that_nobody_writes_is_a_problem_406(client):
    with pytest.raises(ServiceError):
        chosen_form(None, "image/png")
    answer = client.get(PAGE, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"
    assert "application/json" in answer.json()["detail"]


def test_the_policy_of_a_page_as_html_lets_its_own_style_through_and_no_other(client):
    answer = client.get(PAGE, params={"format": "html"})
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'self' 'sha256-{hashed}';" in policy and "unsafe" not in policy
    assert "sha256" not in client.get(PAGE).headers["content-security-policy"]


def test_html_and_feeds_have_the_stories(client):
    html = client.get(PAGE, params={"format": "html", "k": 2})
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert html.text.startswith("<!doctype html>") or html.text.startswith("<!DOCTYPE html>")
    rss = fromstring(client.get(PAGE, params={"format": "rss", "k": 2, "full": "true"}).content)
    assert len(rss.findall("channel/item")) == 2
    assert all(item.find("description").text for item in rss.iter("item"))
    atom = fromstring(client.get(PAGE, params={"format": "atom", "k": 2}).content)
    assert len(atom.findall(f"{ATOM}entry")) == 2
    assert atom.find(f"{ATOM}entry/{ATOM}content") is None
    feed = client.get(PAGE, params={"format": "jsonfeed", "k": 2}).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 2


def test_a_session_gets_a_page_and_nothing_of_it_is_kept(client, service):
    before = service.pipeline.events.last()
    page = client.post("/v1/session/page", json={"history": ["N2", "N5", "unknown"], "profile": "space", "k": 3}).json()
    assert (page["kind"], page["user_id"], len(page["stories"])) == ("known", "", 3)
    assert service.pipeline.events.last() == before
    logged = client.post("/v1/session/page", json={"k": 3, "log": True}).json()
    assert len(service.pipeline.events.pages([logged["page_id"]])) == 1


def test_pages_of_many_readers_come_in_the_order_of_their_names(client):
    readers = ["voter", "asker", "voter", "somebody new"]
    pages = client.post("/v1/pages", json={"readers": readers, "k": 2}).json()["pages"]
    assert [page["user_id"] for page in pages] == readers
    assert [page["kind"] for page in pages] == ["known", "profile", "known", "new"]


def test_of_a_batch_that_finds_the_queue_full_no_page_is_made(client, service, monkeypatch):
    monkeypatch.setattr(page_queue, "MOST_WAITING", 1)
    with service.queue._changed:  # the thread that makes pages takes none meanwhile
        with pytest.raises(page_queue.TooManyWaiting):
            _all_asked(service, ["fan", "voter"], 2, {})
        (left,) = service.queue._waiting
        assert left.answer.cancelled()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/pages", {"readers": []}),
        ("/v1/pages", {"readers": ["a"] * 101}),
        ("/v1/pages", {"readers": ["a"], "k": 0}),
        ("/v1/pages", {"readers": ["a"], "other": 1}),
        ("/v1/session/page", {"history": ["N1"] * 201}),
        ("/v1/session/page", {"profile": "x" * 501}),
        ("/v1/session/page", {"history": ["with\ncontrol"]}),
        ("/v1/session/page", [1]),
    ],
)
def test_wrong_wishes_are_problems_422(client, path, body):
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["status"] == 422


@pytest.mark.parametrize("query", ["k=0", "k=101", "k=x", "format=pdf", "log=perhaps", f"section={'x' * 201}"])
def test_wrong_parameters_are_problems_422(client, query):
    assert client.get(f"{PAGE}?{query}").status_code == 422


def test_an_id_that_cannot_be_one_is_a_problem_422_without_a_path_of_the_server(client, served):
    answer = client.get("/v1/readers/a%00b/page")
    assert answer.status_code == 422
    assert str(served.path) not in json.dumps(answer.json())
