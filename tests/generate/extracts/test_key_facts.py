import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.extracts.key_facts import key_facts

TITLE = "You won't believe who won"
BODY = (
    "LONDON (Reuters) - Anna Berg won the marathon in Ghent on Sunday. She led from the start, and nobody came near "
    "her. The crowd of 80,000 people cheered for an hour."
)
SAID = "Anna Berg won the marathon in Ghent on Sunday. She led from the start, and nobody came near her."


@pytest.mark.parametrize("abstract", ["", "  ", "Who won?", "You WON'T believe it."])
def test_an_abstract_that_says_nothing_more_than_the_title_gives_way_to_sentences_of_the_body(abstract):
    assert key_facts(TITLE, abstract, BODY) == SAID


def test_an_abstract_that_says_more_stays():
    assert key_facts(TITLE, "A marathon in Ghent.", BODY) == "A marathon in Ghent."


@pytest.mark.parametrize("body", ["", "too short", "You won't believe who won, you won't believe it."])
def test_without_a_sentence_that_says_more_the_abstract_stays(body):
    assert key_facts(TITLE, "Who won?", body) == "Who won?"
    assert key_facts(TITLE, "", body) == ""


def test_an_abstract_in_a_script_without_known_words_is_not_lost():
    assert key_facts("選挙", "首相が解散を表明", "本文はここにある。") == "首相が解散を表明"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=400))
def test_what_is_read_is_the_abstract_or_sentences_of_the_body_word_for_word(title, abstract, body):
    found = key_facts(title, abstract, body)
    assert found == abstract or all(word in body or word in abstract for word in found.split())
