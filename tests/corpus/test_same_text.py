import numpy as np
import pytest

from broadsheet.corpus.same_text import SameTexts
from tests.support.stage_contract import catalogue_of

BODY = "The mayor opened the new tram line on Monday. It cost 30 million euros."
TRAM = f"Mayor opens the new tram line {BODY}"


def copies(catalogue, rows, others):
    rows, others = np.array(rows, np.int64), np.array(others, np.int64)
    likeness = catalogue.vectors_of(rows) @ catalogue.vectors_of(others).T
    same_texts = SameTexts(catalogue)
    found = same_texts.copies(rows, others, likeness)
    assert (same_texts.copies(rows, others, likeness) == found).all(), "what it remembers is what it found"
    return found


def are_same(one, other):
    """Whether two articles with the same vector and these titles have the same text."""
    catalogue = catalogue_of([[1, 0], [1, 0]], title=[one, other])
    return copies(catalogue, [0], [1]).tolist() == [[True]]


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
    assert copies(catalogue, range(5), [0])[:, 0].tolist() == [False, True, True, False, False]
    assert copies(catalogue, range(5), []).shape == (5, 0)


def test_copies_of_each_other_are_named_in_pairs():
    catalogue = catalogue_of([[1, 0], [1, 0], [0, 1]], title=[TRAM, TRAM.upper(), "Another text"])
    found = copies(catalogue, [0, 1, 2], [1, 0])
    assert found.tolist() == [[True, False], [False, True], [False, False]]
    assert copies(catalogue, [], [0]).shape == (0, 1)


def test_several_lists_are_compared_at_once_and_a_row_below_0_is_no_article():
    catalogue = catalogue_of([[1, 0], [1, 0], [0, 1]], title=[TRAM, TRAM.upper(), "Another text"])
    rows = np.array([[0, 1, 2], [1, 0, -1]])
    found = SameTexts(catalogue).copies(rows, rows, np.ones((2, 3, 3), np.float32))
    assert found.tolist() == [
        [[False, True, False], [True, False, False], [False, False, False]],
        [[False, True, False], [True, False, False], [False, False, False]],
    ]
