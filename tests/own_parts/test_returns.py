import math

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import InputError, OwnPartError
from broadsheet.own_parts.returns import call_part, checked_numbers, checked_proposals, checked_texts

TITLE = "own signal near_region (my_site.parts:near_region)"
ROW_OF = {"N0": 0, "N1": 1, "N2": 2}


@pytest.mark.parametrize(
    "returned",
    [
        [1, 0.5, None],
        (True, np.float32(0.5), None),
        pa.array([1.0, 0.5, None]),
        pa.chunked_array([[1.0], [0.5, None]]),
    ],
)
def test_numbers_may_be_a_list_a_tuple_or_an_arrow_array_and_none_is_absent(returned):
    np.testing.assert_array_equal(checked_numbers(TITLE, returned, 3, may_lack=True), [1.0, 0.5, np.nan])


def test_numbers_may_be_a_numpy_array():
    assert checked_numbers(TITLE, np.array([3, 4]), 2, may_lack=False).tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("returned", "found", "expected"),
    [
        ([1.0], "returned 1 values", "expected 2: one for each article, in the articles' order"),
        ([1.0, math.nan], "returned nan at place 1", "expected a finite number, or None where it cannot be known"),
        (np.array([np.inf, 0.0]), "returned inf at place 0", "expected a finite number"),
        ([10**400, 0.0], "returned 1000", "expected a finite number"),
        ([0.0, 1e39], r"returned 1e\+39 at place 1", "expected a finite number"),  # infinite as a float32
        (["high", 1.0], "returned 'high' at place 0", "expected a finite number"),
        ([1.0, [2.0]], r"returned \[2.0\] at place 1", "expected a finite number"),
        (None, "returned a NoneType", "expected a list, a NumPy array or an Arrow array of numbers"),
        ({"N0": 1.0}, "returned a dict", "expected a list"),
        ((value for value in (1.0, 2.0)), "returned a generator", "expected a list"),
        (np.zeros((2, 1)), r"returned a ndarray of shape \(2, 1\)", "expected a list"),
        ("ab", "returned a str", "expected a list"),
    ],
)
def test_wrong_numbers_are_an_error_that_names_the_part_what_was_found_and_what_was_expected(returned, found, expected):
    with pytest.raises(
        OwnPartError, match=rf"^own signal near_region \(my_site.parts:near_region\) {found}.*{expected}"
    ):
        checked_numbers(TITLE, returned, 2, may_lack=True)


def test_where_all_numbers_are_needed_none_is_an_error():
    with pytest.raises(OwnPartError, match=r"returned None at place 1, expected a finite number[.]"):
        checked_numbers(TITLE, [1.0, None], 2, may_lack=False)


def test_proposals_come_best_first_and_equal_scores_keep_their_order():
    rows, scores = checked_proposals(TITLE, [("N0", 1), ("N2", 2.0), ("N1", 1.0)], ROW_OF, 3)
    assert rows.tolist() == [2, 0, 1] and scores.tolist() == [2.0, 1.0, 1.0]
    rows, scores = checked_proposals(TITLE, [], ROW_OF, 3)
    assert rows.shape == scores.shape == (0,) and rows.dtype == np.int64


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ({"N0": 1.0}, "returned a dict, expected a list of pairs"),
        (["N0"], "returned 'N0' at place 0, expected a pair of a news_id, a text, and a score"),
        ([("N0",)], r"returned \('N0',\) at place 0, expected a pair"),
        ([(0, 1.0)], r"returned \(0, 1.0\) at place 0, expected a pair"),
        ([("N0", math.nan)], r"returned \('N0', nan\) at place 0, expected a pair"),
        ([("N0", "1")], r"returned \('N0', '1'\) at place 0, expected a pair"),
        ([("GONE", 1.0)], "returned the article 'GONE', which this edition does not have.*catalogue.row_of"),
        ([("N0", 1.0), ("N0", 2.0)], "returned the article 'N0' twice, expected each article once"),
        ([("N0", 1.0), ("N1", 1.0), ("N2", 1.0)], "returned 3 articles, expected 2 at most: its argument n"),
    ],
)
def test_wrong_proposals_are_an_error_that_names_the_part(returned, message):
    with pytest.raises(OwnPartError, match=rf"^own signal near_region .*{message}"):
        checked_proposals(TITLE, returned, ROW_OF, 2)


def test_texts_are_one_for_each_prompt_and_none_is_no_text():
    assert checked_texts(TITLE, ("A", None), 2) == ["A", None]
    with pytest.raises(OwnPartError, match="returned 1 texts, expected 2: one for each prompt"):
        checked_texts(TITLE, ["A"], 2)
    with pytest.raises(OwnPartError, match="returned 3 at place 1, expected a text, or None"):
        checked_texts(TITLE, ["A", 3], 2)
    with pytest.raises(OwnPartError, match="returned a str, expected a list of texts"):
        checked_texts(TITLE, "A", 1)


def test_an_error_inside_a_part_names_the_part_and_one_of_ours_stays_as_it_is():
    def fails(value):
        return {}[value]

    with pytest.raises(OwnPartError, match=r"^own signal .* raised KeyError: 'x'\.") as caught:
        call_part(TITLE, fails, "x")
    assert isinstance(caught.value.__cause__, KeyError)

    def refuses():
        raise InputError("k: found 0")

    with pytest.raises(InputError, match="k: found 0"):
        call_part(TITLE, refuses)
