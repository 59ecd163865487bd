from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.extracts.extract import extract, stands_alone
from broadsheet.generate.text.words import count

BODY = (
    "It rained all day in the old town of Lindau. The mayor of Lindau, Dr. Weiss, opened a new bridge on Friday. "
    "He smiled and waved. The bridge cost 4.5 million euros and took three years."
)


def test_the_sentences_closest_to_the_title_come_in_their_own_order():
    title = "Mayor opens bridge that cost 4.5 million euros"
    opened = "The mayor of Lindau, Dr. Weiss, opened a new bridge on Friday."
    cost = "The bridge cost 4.5 million euros and took three years."
    assert extract(title, "", BODY, 30) == f"{opened} {cost}"
    assert extract(title, "", BODY, 11) == cost


def test_without_a_body_the_abstract_is_used():
    assert (
        extract("Bridge opens", "A new bridge opens on Friday in Lindau.", " ", 20)
        == "A new bridge opens on Friday in Lindau."
    )


def test_nothing_is_cut_to_fit():
    assert extract("Bridge", "", BODY, 5) == ""
    assert extract("Bridge", "", "", 45) == ""


def test_a_sentence_that_breaks_off_or_opens_a_quotation_is_left_out():
    assert extract("Bridge", "", 'He said: "The bridge is open.\nThe bridge in Lindau is', 45) == ""


@given(st.text(max_size=300), st.integers(1, 60))
def test_an_extract_is_never_longer_than_asked_and_always_the_articles_own(body, most_words):
    found = extract("A title", "", body, most_words)
    assert count(found) <= most_words
    assert set(found.split()) <= set(body.split())


def test_a_sentence_on_the_one_points_back_and_one_on_a_one_time_champion_does_not():
    assert not stands_alone("The one that caught fire in Ghent was a Veltra phone.")
    assert stands_alone("The one-time champion Anna Berg lost in Ghent.")
