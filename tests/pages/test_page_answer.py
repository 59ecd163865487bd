import json
import re
from dataclasses import replace

import pytest

from broadsheet.generate import Answer, Cited
from tests.pages.test_page import HOSTILE, Elements, on_terminal, page, story

TWO = Answer(
    True, (Cited("A rover sent a postcard.", (1,), ("N1",)), Cited("Dust is no danger.", (2, 3), ("N2", "N3")))
)
NONE = Answer(False, ())


def answered(answer, *stories):
    return replace(page(*(stories or (story(), story(2), story(3))), kind="request", request="mars"), answer=answer)


def test_an_answer_stands_before_the_stories_everywhere():
    made = answered(TWO)
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        text = " ".join(re.sub(r"\x1b\[[\d;]*m", "", text).split())
        assert "A rover sent a postcard. [1] Dust is no danger. [2][3]" in text
        assert text.index("Dust is no danger.") < text.index("A postcard from Mars")


def test_each_citation_links_to_its_story_on_the_page():
    elements = Elements(answered(TWO).to_html())
    links = [link["href"] for link in elements.named("a") if link["href"].startswith("#")]
    assert links == ["#story-1", "#story-2", "#story-3"]
    assert [article["id"] for article in elements.named("article")] == ["story-1", "story-2", "story-3"]


def test_no_line_ends_between_a_sentence_and_its_citation():
    assert 'A rover sent a postcard.&nbsp;<a href="#story-1">[1]</a>' in answered(TWO).to_html()


def test_json_holds_the_answer_with_its_articles_and_none_where_nothing_was_asked():
    assert json.loads(json.dumps(answered(TWO).to_dict()))["answer"] == {
        "found": True,
        "text": "A rover sent a postcard. [1] Dust is no danger. [2][3]",
        "sentences": [
            {"text": "A rover sent a postcard.", "ranks": [1], "news_ids": ["N1"]},
            {"text": "Dust is no danger.", "ranks": [2, 3], "news_ids": ["N2", "N3"]},
        ],
    }
    assert page(story()).to_dict()["answer"] is None
    assert 'class="answer"' not in page(story()).to_html()


def test_where_nothing_matches_the_stories_are_called_the_nearest_once():
    made = answered(NONE)
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        text = " ".join(re.sub(r"\x1b\[[\d;]*m", "", text).split())
        assert text.count("Nothing in this newsroom matches your request.") == 1
        assert "only the nearest" in text and "follows your request" not in text and "A postcard from Mars" in text
    document = made.to_dict()["answer"]
    assert not document["found"] and document["sentences"] == [] and "Nothing in this newsroom" in document["text"]
    assert 'class="answer"' not in made.to_html()


def test_stories_that_match_but_cannot_be_quoted_are_not_called_the_nearest():
    text = " ".join(str(answered(Answer(True, ()))).split())
    assert "no sentence that answers it by itself" in text and "nearest" not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_of_an_answer_is_shown_as_text(text):
    made = answered(Answer(True, (Cited(text, (1,), ("N1",)),)))
    elements, harmless = Elements(made.to_html()), Elements(answered(TWO).to_html())
    assert {tag for tag, _ in elements.tags} == {tag for tag, _ in harmless.tags}
    assert not [name for _, attributes in elements.tags for name in attributes if name.startswith("on")]
    assert text in elements.text
    assert "file:///x" not in re.findall(r"\x1b\]8;[^;]*;([^\x1b]*)", on_terminal(made))


def test_control_characters_of_an_answer_never_reach_the_terminal():
    made = answered(Answer(True, (Cited("Red \x1b[31malert\x07\nnow\u202e.", (1,), ("N1",)),)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", str(made)) and "Red [31malert now. [1]" in str(made)
    assert "\x1b[31malert" not in on_terminal(made)
