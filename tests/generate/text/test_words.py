from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.text.names import is_title_case, names
from broadsheet.generate.text.quantities import quantities
from broadsheet.generate.text.words import NOT, PERHAPS, content, sentences, stem, without_dateline, words


def test_sentences_survive_abbreviations_decimals_initials_and_quotes():
    text = (
        'Mr. Smith of the U.S. said "Yes." He paid $4.5 million. J. K. Wong left at 5 p.m. on Jan. 3. "Why?" he asked.'
    )
    assert sentences(text) == [
        'Mr. Smith of the U.S. said "Yes."',
        "He paid $4.5 million.",
        "J. K. Wong left at 5 p.m. on Jan. 3.",
        '"Why?" he asked.',
    ]


def test_titles_of_several_people_end_no_sentence():
    text = (
        "Some Republicans, like Sens. John McCain and Lindsey Graham, doubt it. Govs. Lee and Cox and Adm. Reed agree."
    )
    assert len(sentences(text)) == 2


def test_a_line_break_ends_a_sentence():
    assert sentences("A title\n\nThe text. More") == ["A title", "The text.", "More"]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_sentences_lose_nothing_but_blanks(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_words_lose_possessives_and_hyphens_but_keep_numbers_and_acronyms():
    assert words("Xi's U.S. trip cost 1,000.5, AT&T's Jong-un said.") == [
        "Xi", "U.S.", "trip", "cost", "1,000.5", "AT&T", "Jong", "un", "said",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["fall", "falls", "falling"])
def test_forms_of_a_word_share_a_stem(form):
    assert stem(form) == "fall"


def test_content_keeps_negations_and_doubts():
    assert content("The pit didn't fall, but it may") == ["pit", NOT, "fall", PERHAPS]


def test_the_month_may_is_no_doubt_and_the_us_no_pronoun():
    assert content("US in May, us") == ["us", "may"]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,000 people", "1000", ""),
        ("4.7 percent", "4.7", "percent"),
        ("62%", "62", "percent"),
        ("twenty-one", "21", ""),
        ("three hundred and five", "305", ""),
        ("two million dollars", "2000000", "$"),
        ("$5bn", "5000000000", "$"),
        ("a third year", "3", "ordinal"),
        ("the 21st year", "21", "ordinal"),
        ("30-foot", "30", ""),
        ("1.2 million euros", "1200000", "€"),
    ],
)
def test_a_number_is_read_with_its_unit(text, value, unit):
    (quantity,) = quantities(text)
    assert Decimal(value) in quantity.values
    assert quantity.unit == unit


def test_two_numbers_beside_each_other_are_not_added():
    assert [set(quantity.values) for quantity in quantities("the first two games")] == [{Decimal(1)}, {Decimal(2)}]


def test_a_range_shares_its_unit_and_its_scale():
    first, _ = quantities("from 5 to 6 million dollars")
    assert Decimal(5_000_000) in first.values
    assert first.unit == "$"


def test_names_are_runs_of_capitals_split_at_possessives():
    assert names("Former envoy John Smith met Malaysia's Interpol in the U.S. on Monday.") == [
        ["John", "Smith"], ["Malaysia"], ["Interpol"], ["U.S."], ["Monday"],
    ]  # fmt: skip


def test_title_case_is_told_from_a_sentence():
    assert is_title_case("Arsenal Beat Chelsea in Cup Final")
    assert not is_title_case("Arsenal beat Chelsea in the cup final")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("MOSCOW, March 30. /TASS, Andrei Kartashov/. The cities bid.", "The cities bid."),
        ("LONDON/NEW YORK (Reuters) - Shares fell.", "Shares fell."),
        ("Washington (CNN)Trump won.", "Trump won."),
        ("WASHINGTON – A man was held.", "A man was held."),
        ("NEW YORK, N.Y. -- “Go,” he said.", "“Go,” he said."),
        ("ST. PAUL—Shares fell.", "ST. PAUL—Shares fell."),
    ],
)
def test_an_agency_opening_is_dropped(text, kept):
    assert without_dateline(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "Officials denied to Associated Press (AP) that new talks are planned.",
        "The Associated Press (AP) said so.",
        "They said what they would do, and The Times of London (Reuters) reported no agreement.",
    ],
)
def test_an_agency_named_in_a_sentence_stays(text):
    assert without_dateline(text) == text


def test_a_name_does_not_begin_inside_a_word_that_begins_with_a_digit():
    assert names("At 0A0 they met Ann Lee of 3M.") == [["Ann", "Lee"]]
