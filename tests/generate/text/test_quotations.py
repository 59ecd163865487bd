import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.generate.text.quotations import altered_quotations

ARTICLE = 'Talks\nHe said: "We\'ll never close the door [to friends], not for $5.2 million." She called it “a shame”.'


@pytest.mark.parametrize(
    "text",
    [
        'He said: "We\'ll never close the door".',
        "He said: “We’ll  never close the door.”",
        "'Never close the door', he said.",
        'It is "A shame", she said.',
        'He would not "close the door ... for $5.2 million".',
        "The workers' union isn't in Leeds' centre.",
        "No quotation at all",
    ],
)
def test_a_quotation_may_differ_in_marks_spacing_case_and_outer_punctuation(text):
    assert altered_quotations(text, ARTICLE) == []


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        ('"We will never close the door," he said.', "We will never close the door,"),
        ('"We\'ll never close a door", he said.', "We'll never close a door"),
        ("'Never shut the door', he said.", "Never shut the door"),
        ('"not for $52 million"', "not for $52 million"),
        ('"lose the door"', "lose the door"),
    ],
)
def test_a_quotation_with_another_word_is_found(text, quotation):
    assert altered_quotations(text, ARTICLE) == [quotation]


@given(st.integers(0, 12), st.integers(1, 12))
@settings(deadline=None)
def test_any_run_of_the_articles_words_may_be_quoted(start, size):
    words = ARTICLE.replace('"', "").replace("“", "").replace("”", "").split()
    assert altered_quotations(f'"{" ".join(words[start : start + size])}"', ARTICLE) == []
