import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators.pages import read_pages

LOG = {
    "page_id": ["P1", "P1", "P2"],
    "slot": [2, 1, 1],
    "user_id": ["a", "a", "b"],
    "reward": [1, 0, 1],
    "propensity": [0.5, 0.25, 0.5],
    "evaluation": [0.25, 0.5, 1],
    "conditional": [0.4, 0.25, 0.5],
    "evaluation_conditional": [0.2, 0.5, 1],
}


def test_rows_are_laid_out_by_page_and_slot_in_any_order():
    found = read_pages(LOG)
    assert found.reward.tolist() == [[0, 1], [1, 0]]
    assert found.propensity.tolist() == [[0.25, 0.5], [0.5, 0]]
    assert found.evaluation_conditional.tolist() == [[0.5, 0.2], [1, 0]]
    assert found.present.tolist() == [[True, True], [True, False]]
    assert found.readers.tolist() == [0, 1]


def test_one_pair_of_probabilities_is_enough():
    found = read_pages({name: values for name, values in LOG.items() if "conditional" not in name})
    assert found.conditional is None and found.propensity is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slot": [1, 1, 1]}, "a slot of a page twice"),
        ({"slot": [0, 1, 1]}, "found slot 0, expected whole numbers from 1"),
        ({"conditional": [0, 0.25, np.nan]}, "'conditional': 2 of 3 slots have a probability of 0, or none"),
    ],
)
def test_a_log_that_does_not_fit_together_is_refused(change, said):
    with pytest.raises(InputError, match=said):
        read_pages(LOG | change)


def test_without_any_pair_of_probabilities_it_says_what_is_expected():
    with pytest.raises(InputError, match="expected page_id, slot, reward, and propensity with evaluation or"):
        read_pages({name: LOG[name] for name in ("page_id", "slot", "reward", "propensity")})
