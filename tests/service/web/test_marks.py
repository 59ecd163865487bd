"""What is sponsored says so beside its headline, on every page, feed and embed, and in the API's JSON."""

import re

import pytest

from broadsheet.pages.letter import letter_html
from tests.support.late_articles import row

MARK = re.compile(r'<span class="mark"[^>]*>sponsored</span>')


@pytest.fixture(scope="module", autouse=True)
def sponsored(service):
    """Two sponsored articles on one event, alone in their section, newer than all others."""
    rows = [row(f"AD{number}", title=f"A Hotel by the Sea {number}", category="travel", ad="true") for number in (1, 2)]
    service.pipeline.add(rows, keep=["ad"])


@pytest.mark.parametrize("path", ["/section/travel", "/story/AD1", "/", "/ask?q=a+hotel+by+the+sea"])
def test_a_page_marks_a_sponsored_story(visitor, path):
    text = visitor.get(path).text
    story = re.search(r"<article(?:(?!</article>).)*A Hotel by the Sea 1.*?</article>", text, re.DOTALL)
    assert MARK.search(story[0])


def test_what_was_saved_and_why_it_is_there_are_marked(reader):
    reader.post("/act", act="save", news_id="AD1")
    assert MARK.search(reader.get("/saved").text)
    assert MARK.search(reader.get("/why/AD1").text)


def test_the_other_articles_that_a_story_names_are_marked(visitor):
    listed = visitor.get("/story/AD2").text.partition('<section class="reading"')[2]
    assert re.search(r'<span class="mark">sponsored</span> <a href="/story/AD1"', listed)


def test_no_other_story_is_marked(visitor):
    assert not MARK.search(visitor.get("/section/science").text)


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
@pytest.mark.parametrize("full", ["", "?full=1"])
def test_a_feed_says_it_in_the_title(visitor, form, full):
    assert "[sponsored] A Hotel by the Sea 1" in visitor.get(f"/feed.{form}{full}").text


def test_an_embed_and_the_api_have_the_mark_by_itself(visitor, service):
    (story, _) = visitor.get("/embed.json?section=travel").json()["stories"]
    assert story["marks"] == ["sponsored"]
    page = service.pipeline.run_session([], "", 20, {"only": {"category": ["travel"]}})
    assert [story["marks"] for story in page.to_dict()["stories"]] == [["sponsored"]] * 2
    assert "[sponsored] A Hotel by the Sea" in letter_html(page, 2, "").partition("</div>")[0]
