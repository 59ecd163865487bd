import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.experiments.statistics.bounded import betting, empirical_bernstein


def test_intervals_hold_the_mean_at_all_looks_of_nearly_all_sequences():
    values = (np.random.default_rng(0).random((400, 500)) < 0.1).astype(float)
    found = empirical_bernstein(values)
    assert ((found.low > 0.1) | (found.high < 0.1)).any(axis=1).mean() <= 0.05
    bets = [betting(row, grid=100) for row in values[:100]]
    assert sum(((one.low > 0.1) | (one.high < 0.1)).any() for one in bets) <= 8


def test_betting_is_tighter_while_values_are_few_and_both_narrow_only():
    values = (np.random.default_rng(1).random(3_000) < 0.3).astype(float)
    tight, loose = betting(values), empirical_bernstein(values)
    widths = [one.high - one.low for one in (tight, loose)]
    assert (widths[0][20:100] < widths[1][20:100]).all() and max(widths[0][-1], widths[1][-1]) < 0.1
    for one in (tight, loose):
        assert (np.diff(one.low) >= 0).all() and (np.diff(one.high) <= 0).all()
        assert one.low[-1] < values.mean() < one.high[-1] and one.mean[-1] == pytest.approx(values.mean())


def test_the_blocks_of_the_betting_sequence_decide_nothing(monkeypatch):
    values = (np.random.default_rng(2).random(300) < 0.3).astype(float)
    whole = betting(values, grid=50)
    monkeypatch.setattr("broadsheet.experiments.statistics.bounded._AT_ONCE", 50 * 7)
    parts = betting(values, grid=50)
    assert np.allclose(whole.low, parts.low) and np.allclose(whole.high, parts.high)


def test_a_value_out_of_bounds_and_a_missing_value_are_refused():
    with pytest.raises(InputError, match="found 0 to 2, expected 0 to 1"):
        betting(np.array([0.0, 2.0]))
    with pytest.raises(InputError, match="missing values"):
        empirical_bernstein(np.array([0.5, np.nan]))
