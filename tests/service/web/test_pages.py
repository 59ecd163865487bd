"""The readers' pages over HTTP, as a browser without JavaScript gets them."""

import itertools
import re

import pytest

from broadsheet.readers.forget import forget
from broadsheet.service.web.making.words import words_of

PAGES = ["/", "/section/science", "/story/N59", "/ask", "/following", "/about-this-page", "/saved", "/everybody"]


def stories(text):
    return re.findall(r'name="news_id" value="([^"]+)"', text)


def test_a_first_visit_keeps_nothing_and_asks(visitor, service):
    before = service.pipeline.events.last()
    page = visitor.get("/")
    assert 'action="/consent"' in page.text
    assert 'value="yes"' in page.text and 'value="no"' in page.text
    assert not page.headers.get("set-cookie")
    for path in PAGES:
        assert not visitor.get(path).headers.get("set-cookie")
    assert service.pipeline.events.last() == before


def test_a_no_is_remembered_in_a_cookie_that_holds_nothing_else(visitor, service):
    answer = visitor.client.post("/consent", data={"choice": "no"})
    assert visitor.client.cookies["broadsheet-consent"] == "no"
    assert "broadsheet-reader" not in visitor.client.cookies
    assert answer.headers["location"] == "/"
    page = visitor.get("/").text
    assert 'class="consent"' not in page
    assert stories(page)
    before = service.pipeline.events.last()
    assert visitor.client.post("/act", data={"act": "hide", "news_id": "N59"}).status_code == 403
    assert service.pipeline.events.last() == before


def test_the_page_for_everybody_has_the_same_bytes_for_two_readers(visitor, reader):
    reader.post("/following/words", words="space rocket planet")
    one, other = visitor.get("/everybody"), reader.get("/everybody")
    assert one.content == other.content
    assert one.headers["cache-control"].startswith("public")
    assert "Cookie" not in one.headers["vary"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_small_and_has_no_inline_script_or_style(reader, path):
    page = reader.get(path)
    assert page.status_code == 200, page.text
    parts = [reader.get(address).content for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)]
    assert len(parts) == 2
    assert len(page.content) + sum(map(len, parts)) < 100_000
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src)", page.text)
    assert "{{" not in page.text and "{%" not in page.text


@pytest.mark.parametrize("path", [*PAGES, "/section/nothing", "/story/nothing", "/ask?q=space+rocket"])
def test_headings_are_in_order_below_one_first_heading(reader, path):
    levels = [int(level) for level in re.findall(r"<h([1-6])", reader.get(path).text)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("path", ["/section/nothing", "/story/nothing", "/why/nothing", "/go/nothing"])
def test_what_is_not_there_is_said_in_a_page(reader, path):
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_a_stored_page_is_sent_again_and_not_at_all_to_who_has_it(reader):
    first = reader.get("/")
    assert reader.get("/").content == first.content
    again = reader.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert first.headers["cache-control"] == "private, no-cache"


def test_own_words_change_the_page_at_once(reader):
    reader.post("/following/words", words="space rocket planet")
    page = reader.get("/").text
    assert "space rocket planet" in page
    assert page.count(">science</a>") > 6
    assert "space rocket planet" in reader.get("/following").text
    reader.post("/following/words", words="")
    assert "space rocket planet" not in reader.get("/following").text


def test_follows_and_mutes_are_listed_and_taken_back(reader):
    reader.post("/following/mute", field="category", name="sports")
    reader.post("/following/follow", field="topic", name="rockets")
    shown = reader.get("/following").text
    assert 'name="name" value="sports"' in shown and 'name="name" value="rockets"' in shown
    assert ">sports</a>" not in reader.get("/").text.split("<main")[1]
    reader.post("/following/drop", said="mute", field="category", name="sports")
    reader.post("/following/drop", said="follow", field="topic", name="rockets")
    shown = reader.get("/following").text
    assert 'name="name" value="sports"' not in shown and 'name="name" value="rockets"' not in shown


def test_a_name_that_no_story_has_cannot_be_muted(reader):
    answer = reader.post("/following/mute", field="source", name="<b>nobody</b>")
    assert answer.status_code == 422
    assert "<b>nobody" not in answer.text


def test_why_says_what_would_move_a_story(reader):
    news_id = stories(reader.get("/").text)[0]
    page = reader.get(f"/why/{news_id}").text
    assert "If you hide it: off your page." in page
    assert "It is number 1 on your page." in page


def test_an_answer_comes_whole_and_as_a_stream(visitor):
    assert 'id="answer-title"' in visitor.get("/ask", params={"q": "space rocket"}).text
    stream = visitor.get("/ask/stream", params={"q": "space rocket"})
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert [line for line in stream.text.splitlines() if line.startswith("event:")] == [
        "event: answer",
        "event: stories",
    ]
    assert visitor.get("/ask", params={"q": "x" * 1001}).status_code == 422


def test_a_question_is_shown_as_text(visitor):
    assert "<script>alert" not in visitor.get("/ask", params={"q": "<script>alert(1)</script> rocket"}).text


def test_whoever_asks_to_be_forgotten_is_new_at_once(reader):
    reader.post("/following/words", words="space rocket planet")
    cookie = reader.client.cookies["broadsheet-reader"]
    assert reader.post("/forget-me").status_code == 422
    done = reader.post("/forget-me", sure="yes")
    assert done.status_code == 200 and "trained anew" not in done.text, "no model learned from this reader"
    assert "broadsheet-reader" not in reader.client.cookies
    reader.client.cookies["broadsheet-reader"] = cookie
    assert "space rocket planet" not in reader.get("/following").text


def test_the_page_of_a_reader_whom_another_process_forgot_is_not_used_any_more(reader, service, app):
    news_id = stories(reader.get("/").text)[0]
    assert re.search(r'data-page="[^"]+"', reader.get(f"/story/{news_id}").text)
    reader_id = reader.id
    forget(service.newsroom, reader_id)
    reader.client.cookies.clear()  # the reader comes back: a cookie from before would be no good
    reader.client.cookies["broadsheet-reader"] = app.state.security.secret.sign("reader", [reader_id, False])
    assert 'data-page=""' in reader.get(f"/story/{news_id}").text


@pytest.mark.parametrize("language", ["da", "de", "fr"])
def test_every_language_has_the_same_words_with_the_same_gaps(language):
    from broadsheet.pages.labels import labels_of
    from broadsheet.pages.look import Look

    english, other = (words_of(Look(language=name, labels=labels_of(name, {}))) for name in ("en", language))
    assert english.keys() == other.keys()
    gaps = re.compile(r"{\w+}")
    assert {key for key in english if sorted(gaps.findall(english[key])) != sorted(gaps.findall(other[key]))} <= {
        "day",
        "date",
    }
