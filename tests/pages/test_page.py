import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from broadsheet.pages.look import Look
from broadsheet.pages.page import PAGE_STORIES, Page
from broadsheet.readers.profiles import Following
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from tests.test_text import BAD_LINKS

MORNING = datetime(2017, 1, 3, 6, 30, tzinfo=UTC)


def story(rank=1, **changes):
    return {
        "rank": rank,
        "news_id": f"N{rank}",
        "title": "Rover sends a postcard",
        "headline": "A postcard from Mars",
        "summary": "The rover sent its first picture in colour.",
        "score": 1.0,
        "fused": 1.25,
        "signals": {
            "relevance": 0.875,
            "two_tower": 0.5,
            "popularity": None,
            "freshness": 1.0,
            "affinity": 0.25,
            "diversity": 1.0,
        },
        "reason": "You follow space.",
        "because_news_id": None,
        "because_title": None,
        "category": "science",
        "source": "The Orbit",
        "url": "https://orbit.example/mars?a=1&b=2",
        "published_at": datetime(2017, 1, 2, 23, 0, tzinfo=UTC),
        "kept": [],
        "method": {"headline": "gpt", "summary": "extract"},
        "checks": [],
        "propensity": 1.0,
        "conditional": 1.0,
        **changes,
    }


def page(*stories, kind="known", request="", user_id="U1", timings=None, **more):
    table = from_rows(stories, PAGE_STORIES)
    more.setdefault("look", Look(details=True))
    return Page(user_id, kind, request, "2017-01-03T03-00-00.000000Z", MORNING, table, timings or {}, **more)


class Elements(HTMLParser):
    """Collects start tags with their attributes, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def named(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def on_terminal(made):
    console = Console(file=StringIO(), width=80, force_terminal=True, legacy_windows=False)
    console.print(made)
    return console.file.getvalue()


def test_a_story_shows_headline_summary_reason_origin_and_the_publishers_headline():
    html = page(story(because_news_id="N9", because_title="Dust on Mars")).to_html()
    text = " ".join(Elements(html).text.split())
    assert "A postcard from Mars" in text
    assert "The rover sent its first picture in colour." in text
    assert "Why: You follow space." in text and "Dust on Mars" not in text, "reasons are worded when they are chosen"
    assert "Publisher’s headline: Rover sends a postcard" in text
    assert "Headline written by GPT, summary taken from the article" in text
    assert "Tuesday, 3 January 2017" in text and "For U1" in text
    assert Elements(html).named("a") == [{"href": "https://orbit.example/mars?a=1&b=2", "rel": "noopener"}]
    assert {"datetime": "2017-01-02T23:00:00+00:00"} in Elements(html).named("time")


def test_the_publishers_headline_is_not_repeated_where_it_was_kept():
    kept = page(story(headline="Rover sends a postcard", method={"headline": "original", "summary": "gpt"}))
    assert "Publisher’s headline" not in kept.to_html() + str(kept)
    assert "Headline in the publisher’s words, summary written by GPT" in kept.to_html()


def test_a_reason_that_names_the_article_is_not_told_twice():
    made = page(story(reason="You read “Dust on Mars”.", because_title="Dust on Mars", because_news_id="N9"))
    assert str(made).count("Dust on Mars") == 1


def test_an_unknown_signal_is_called_unknown_and_a_refusal_is_shown():
    text = Elements(page(story(checks=["gpt summary: number 300"])).to_html()).text
    assert re.search(r"Popularity\s*unknown", text) and re.search(r"Relevance\s*0\.875", text)
    assert "Two tower" in text and "Click rate" in text, "names are shown as words"
    assert "Refused on the way: gpt summary: number 300" in text


def test_the_document_needs_nothing_from_outside():
    elements = Elements(page(story(), story(2)).to_html())
    assert elements.named("html") == [{"lang": "en"}]
    assert not elements.named("script") and not elements.named("img")
    assert [link["href"] for link in elements.named("link")] == ["data:,"]
    assert not re.search(r"url\(|@import", page(story()).to_html())


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "</title></style></template><svg onload=alert(1)>",
    "[link=file:///x]look[/link] [bold]",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text_everywhere(text):
    fields = ("news_id", "title", "headline", "summary", "reason", "because_title", "category", "source")
    hostile = story(**dict.fromkeys(fields, text), checks=[text], method={"headline": text, "summary": text})
    made = page(hostile, kind="request", request=text, user_id=text)
    harmless = page(story(because_title="A", checks=["b"]), kind="request", request="c")
    elements = Elements(made.to_html())
    assert {tag for tag, _ in elements.tags} == {tag for tag, _ in Elements(harmless.to_html()).tags}
    assert not [name for _, attributes in elements.tags for name in attributes if name.startswith("on")]
    assert elements.text.count(text) >= 8
    assert "alert(1)" not in text or "alert(1)" in on_terminal(made)
    assert "file:///x" not in re.findall(r"\x1b\]8;[^;]*;([^\x1b]*)", on_terminal(made))


@pytest.mark.parametrize("url", BAD_LINKS)
def test_only_web_addresses_are_linked(url):
    made = page(story(url=url))
    assert not Elements(made.to_html()).named("a")
    assert "A postcard from Mars" in made.to_html()
    assert "\x1b]8;" not in on_terminal(made)


def test_a_quote_in_a_link_stays_inside_it():
    url = 'https://a.example/"onclick="alert(1)'
    assert Elements(page(story(url=url)).to_html()).named("a") == [{"href": url, "rel": "noopener"}]


def test_control_characters_never_reach_the_terminal():
    made = page(
        story(headline="Red \x1b[31malert\x07\nnow\u202e", source="\x9b2J", reason="a\r\x00b"), user_id="U\x1b]0;x\x07"
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", str(made))
    assert "Red [31malert now" in str(made)
    assert "\x1b[31malert" not in on_terminal(made) and "\x1b]0;" not in on_terminal(made)


def test_control_characters_never_reach_the_document():
    words = "a\x00b\x1b[31m\x9b\u202ec"
    made = page(story(title=words, headline=words, summary=words), user_id=words, follows=Following(words, "publisher"))
    assert "ab[31mc" in made.to_html()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", made.to_html())


@pytest.mark.parametrize(
    ("kind", "request_", "expected"),
    [
        ("known", "", "For U1"),
        ("profile", "", "follows what you told us"),
        ("new", "", "For a new reader"),
        ("request", "long reads", "In answer to “long reads”, for U1"),
    ],
)
def test_each_kind_of_page_says_for_whom_it_is(kind, request_, expected):
    made = page(story(), kind=kind, request=request_)
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        assert expected in text
    assert ('<p class="note">' in made.to_html()) == (kind != "known")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 10, 25])
def test_each_story_is_shown_once_in_order_for_any_number_of_them(count):
    made = page(*(story(rank, headline=f"Headline {rank}.") for rank in range(1, count + 1)))
    expected = [f"Headline {rank}." for rank in range(1, count + 1)]
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        assert re.findall(r"Headline \d+\.", text) == expected
        assert ("There are no stories to show now." in text) == (count == 0)


def test_a_story_of_bare_facts_has_no_empty_lines():
    bare = story(
        summary="",
        category="",
        source="",
        url="",
        published_at=None,
        reason="",
        method={"headline": "t5", "summary": "gpt"},
    )
    made = page(bare)
    assert str(made).splitlines()[4:7] == [
        "1. A postcard from Mars",
        "    Publisher’s headline: Rover sends a postcard",
        "    Headline written by T5.",
    ]
    assert 'class="kicker"' not in made.to_html() and 'class="why"' not in made.to_html()


def test_the_dictionary_is_ready_for_json():
    made = page(story(), story(2, published_at=None), timings={"retrieval": 0.004, "generate": 4.2})
    document = json.loads(json.dumps(made.to_dict()))
    assert document["as_of"] == "2017-01-03T06:30:00+00:00"
    assert document["stories"][0]["published_at"] == "2017-01-02T23:00:00+00:00"
    assert document["stories"][0]["signals"]["popularity"] is None
    assert document["stories"][1]["published_at"] is None
    assert list(document["stories"][0]) == [*PAGE_STORIES.names, "marks"]
    assert document["timings"] == {"retrieval": 0.004, "generate": 4.2}


def test_timings_are_told_in_words_with_their_sum():
    assert page(timings={"retrieval": 0.004, "generate": 4.2}).colophon.endswith(
        "4.2 s: retrieval 4 ms, generate 4.2 s."
    )
    assert page().colophon == "Edition 2017-01-03T03-00-00.000000Z."


def test_the_stories_of_a_page_can_be_written_as_a_file(tmp_path):
    made = page(story(), story(2))
    write_table(tmp_path / "page.arrow", made.stories, PAGE_STORIES)
    assert read_table(tmp_path / "page.arrow", PAGE_STORIES).equals(made.stories)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_any_text_renders_within_the_width(headline, url, category):
    made = page(story(headline=headline, url=url, category=category))
    assert len(Elements(made.to_html()).named("article")) == 1
    words = [len(word) for line in str(made).splitlines() for word in line.split()]
    assert all(len(line) <= 80 or max(words) > 70 for line in str(made).splitlines()[:-1])
