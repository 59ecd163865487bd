import numpy as np
import pytest

from broadsheet.corpus.same_text import copies, same_texts
from tests.support.stage_contract import catalogue_of

BODY = "The mayor opened the new tram line on Monday. It cost 30 million euros."
TRAM = f"Mayor opens the new tram line {BODY}"


def are_same(one, other):
    """Whether two articles with the same vector and these titles have the same text."""
    catalogue = catalogue_of([[1, 0], [1, 0]], title=[one, other])
    return same_texts(catalogue, np.array([0]), [1]).tolist() == [True]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (TRAM, True),
        (f"Mayor opens new tram line (updated) {BODY}", True),
        (TRAM.upper(), True),
        (TRAM.replace("30", "31"), False),
        ("Mayor opens a school. The mayor opened the new school on Monday. It cost 30 million euros.", False),
        ("", False),
    ],
)
def test_a_text_is_the_same_with_a_few_words_changed_and_not_with_other_numbers(other, same):
    assert are_same(TRAM, other) is same


def test_the_same_words_in_another_order_are_another_text():
    assert not are_same("Arsenal beat Chelsea at home", "Chelsea beat Arsenal at home")
    assert are_same("Arsenal beat Chelsea at home", "ARSENAL beat Chelsea, at home")


def test_texts_without_words_are_the_same_only_if_they_are_equal():
    assert are_same("🔥🔥", " 🔥🔥 ") and not are_same("🔥🔥", "...")


def test_a_copy_is_found_among_what_was_read_and_an_article_is_no_copy_of_itself():
    vectors = [[1, 0], [1, 0], [1, 0.1], [0, 1], [1, 0]]
    titles = [TRAM, TRAM, f"Mayor opens new tram line (updated) {BODY}", TRAM, "Another text of the same vector"]
    catalogue = catalogue_of(vectors, title=titles)
    assert same_texts(catalogue, np.arange(5), [0]).tolist() == [False, True, True, False, False]
    assert not same_texts(catalogue, np.arange(5), []).any()
    assert len(same_texts(catalogue, np.zeros(0, np.int64), [0])) == 0


def test_copies_of_each_other_are_named_in_pairs():
    catalogue = catalogue_of([[1, 0], [1, 0], [0, 1]], title=[TRAM, TRAM.upper(), "Another text"])
    found = copies(catalogue, [0, 1, 2], [1, 0])
    assert found.tolist() == [[True, False], [False, True], [False, False]]
    assert copies(catalogue, [], [0]).shape == (0, 1)
