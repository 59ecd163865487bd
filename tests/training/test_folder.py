import pytest

from broadsheet.errors import InputError
from broadsheet.training.folder import SplitTraining


def test_a_larger_share_holds_all_of_a_smaller_share_and_the_seed_decides_which():
    found = list(range(100))
    quarter, half, other = (
        SplitTraining("train", "tune", "all", seed, share).draw(found)
        for seed, share in ((0, 0.25), (0, 0.5), (1, 0.25))
    )
    assert len(quarter) == 25 and len(half) == 50 and set(quarter) < set(half) and quarter != other
    assert SplitTraining("train", "tune", "all", 0).draw(found) == found


def test_a_share_of_nothing_or_of_more_than_all_is_refused():
    for share in (0.0, 1.5):
        with pytest.raises(InputError, match=f"share: found {share}, expected more than 0 and at most 1"):
            SplitTraining("train", "tune", "all", 0, share).check(None, ["all"], "card.json")


def test_a_seed_out_of_bounds_is_refused_with_all_else_that_is_wrong():
    for seed in (-1, 2**32):
        with pytest.raises(InputError, match=f"(?s)mode: found 'none'.*seed: found {seed}, expected a whole number fr"):
            SplitTraining("train", "tune", "none", seed).check(None, ["all"], "card.json")


def test_a_share_that_rounds_to_nothing_draws_one():
    assert len(SplitTraining("train", "tune", "all", 0, 0.001).draw(list(range(100)))) == 1
