import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.retrieval.topic import topic_of


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("quiet long reads on space", "about space"),
        ("Show me the latest news about Brexit and the economy", "about Brexit and the economy"),
        ("something fun around cats", "about cats"),
    ],
)
def test_words_on_the_kind_of_reading_are_dropped(text, topic):
    assert topic_of(text) == topic


@pytest.mark.parametrize(
    "text", ["space", "a good day for tennis", "on the road", "long reads", "news about", "Films and books"]
)
def test_a_text_without_such_an_opening_is_left_alone(text):
    assert topic_of(text) == text


@given(st.text())
def test_something_is_always_left_of_a_request(text):
    assert topic_of(text).strip() or not text.strip()
