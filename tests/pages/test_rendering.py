import json
import re

import pytest

from broadsheet.pages.look import Look
from broadsheet.pages.page import PAGE_STORIES
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.kept import kept_rows
from tests.pages.test_page import HOSTILE, Elements, on_terminal, page, story
from tests.test_text import BAD_LINKS


def digest(**changes):
    return {
        "sentences": [
            {"text": "The dam failed on Sunday.", "part": "happened", "news_ids": ["N1", "N7"]},
            {"text": "“Run,” said William Croyle.", "part": "says", "news_ids": ["N7"]},
        ],
        "news_ids": ["N1", "N7"],
        "articles": [
            {"news_id": "N1", "title": "Dam fails", "source": "The Orbit", "url": "https://orbit.example/dam?a=1&b=2"},
            {"news_id": "N7", "title": "Thousands flee", "source": "", "url": "https://other.example/7"},
        ],
        **changes,
    }


TOLD = story(digest=digest())


def test_a_digest_is_a_block_to_open_with_its_parts_sentences_and_articles():
    elements = Elements(page(TOLD).to_html())
    text = " ".join(elements.text.split())
    assert "2 articles on this What happened The dam failed on Sunday. [1][2] Who says what “Run,” said" in text
    assert "Croyle. [2] The Orbit: Dam fails Thousands flee" in text and "Background" not in text
    assert {"class": "digest"} in elements.named("details")


def test_citations_and_articles_lead_to_the_publishers():
    links = [link["href"] for link in Elements(page(TOLD).to_html()).named("a")][1:]
    one, other = "https://orbit.example/dam?a=1&b=2", "https://other.example/7"
    assert links == [one, other, other, one, other]
    assert all(link["rel"] == "noopener" for link in Elements(page(TOLD).to_html()).named("a"))


@pytest.mark.parametrize("url", BAD_LINKS)
def test_only_web_addresses_are_linked_in_a_digest(url):
    articles = [article | {"url": url} for article in digest()["articles"]]
    made = page(story(url="", digest=digest(articles=articles)))
    assert not Elements(made.to_html()).named("a") and "[1][2]" in Elements(made.to_html()).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_of_a_digest_is_shown_as_text(text):
    sentences = [sentence | {"text": text, "part": text} for sentence in digest()["sentences"]]
    articles = [article | {"title": text, "source": text} for article in digest()["articles"]]
    made = page(story(digest=digest(sentences=sentences, articles=articles)))
    elements = Elements(made.to_html())
    assert {tag for tag, _ in elements.tags} == {tag for tag, _ in Elements(page(TOLD).to_html()).tags}
    assert not [name for _, attributes in elements.tags for name in attributes if name.startswith("on")]
    assert elements.text.count(text) >= 7
    assert "file:///x" not in re.findall(r"\x1b\]8;[^;]*;([^\x1b]*)", on_terminal(made))


def test_plain_text_and_the_terminal_say_how_many_articles_there_are_and_of_which_outlets():
    for text in (str(page(TOLD)), on_terminal(page(TOLD))):
        assert "2 articles on this: The Orbit." in text and "Croyle" not in text
    unknown = [article | {"source": ""} for article in digest()["articles"]]
    assert "2 articles on this." in str(page(story(digest=digest(articles=unknown))))


def test_json_and_python_have_the_digest_and_none_where_there_is_none():
    made = page(TOLD, story(2))
    first, second = json.loads(json.dumps(made.to_dict()))["stories"]
    assert first["digest"] == digest() and second["digest"] is None
    assert made.stories["digest"].to_pylist() == [digest(), None]


def test_a_page_with_and_without_digests_can_be_written_as_a_file(tmp_path):
    made = page(TOLD, story(2))
    write_table(tmp_path / "page.arrow", made.stories, PAGE_STORIES)
    assert read_table(tmp_path / "page.arrow", PAGE_STORIES).equals(made.stories)


def test_a_story_without_a_digest_has_no_block():
    assert 'class="digest"' not in page(story()).to_html() and "articles on this" not in str(page(story()))


@pytest.mark.parametrize(
    "summary", ["A postcard from Mars", "A POSTCARD, from Mars.", "Rover sends a postcard!", "A postcard from …"]
)
def test_a_summary_that_only_repeats_a_headline_is_not_shown(summary):
    made = page(story(summary=summary))
    assert 'class="summary"' not in made.to_html() and "Headline written by GPT." in str(made)
    assert str(made).count("postcard") == 2, "the headline and the publisher's headline"
    more = page(story(summary="A postcard from Mars has arrived."))
    assert 'class="summary"' in more.to_html() and "has arrived" in str(more)


def test_kept_columns_are_a_dictionary_for_json():
    kept = [{"name": "author", "value": "Ann"}, {"name": "paywall", "value": ""}]
    assert page(story(kept=kept)).to_dict()["stories"][0]["kept"] == {"author": "Ann", "paywall": ""}


def test_a_sponsored_article_and_one_behind_a_paywall_are_marked_where_a_kept_column_says_so():
    look = Look(marks={"sponsored": "ad", "paywalled": "plus"})
    marked = page(story(kept=kept_rows({"ad": "true", "plus": "True"})), look=look)
    assert '<span class="mark">sponsored</span><span class="mark">subscribers only</span>' in marked.to_html()
    assert "sponsored · subscribers only · " in str(marked)
    for kept in ({"ad": "false", "plus": ""}, {}):
        assert "sponsored" not in str(page(story(kept=kept_rows(kept)), look=look))
