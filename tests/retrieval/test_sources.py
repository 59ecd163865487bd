import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.retrieval import fresh_scores, trending_scores

HOUR = 3600.0
DAY = 24 * HOUR


def test_freshness_halves_with_each_half_life_and_is_unknown_for_the_future():
    published = np.array([0, -DAY, -2 * DAY, 1, np.nan])
    scores = fresh_scores(published, 0, 24)
    assert scores[:3].tolist() == [1, 0.5, 0.25] and np.isnan(scores[3:]).all()


def test_trending_is_the_logarithm_of_decayed_clicks_over_the_largest():
    # N0: one click now and one a day ago, 1 + 0.5. N1: one two days ago, 0.25. N2: none.
    rows, times = np.array([0, 1, 0]), np.array([-1e-9, -2 * DAY, -DAY])
    scores = trending_scores(rows, times, as_of=0, half_life_hours=24, size=3)
    assert scores.tolist() == pytest.approx([1, np.log(1.25) / np.log(2.5), 0])


def test_a_click_at_the_moment_or_later_changes_nothing():
    rows, times = np.array([0, 1]), np.array([-HOUR, -2 * HOUR])
    before = trending_scores(rows, times, as_of=0, half_life_hours=24, size=3)
    planted = trending_scores(np.r_[rows, 2, 2], np.r_[times, 0, DAY], as_of=0, half_life_hours=24, size=3)
    assert planted.tolist() == before.tolist() and planted[2] == 0


@pytest.mark.parametrize("age", [None, 20 * 365 * DAY], ids=["none", "twenty years ago"])
def test_without_clicks_that_still_count_trending_is_unknown(age):
    rows, times = (np.zeros(0, np.int64), np.zeros(0)) if age is None else (np.array([0]), np.array([-age]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = trending_scores(rows, times, as_of=0, half_life_hours=24, size=2)
    assert len(scores) == 2 and np.isnan(scores).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-1e6, 1e6)), max_size=20))
def test_trending_is_from_0_to_1_and_1_for_the_most_read(clicks):
    rows = np.array([row for row, _ in clicks], np.int64)
    times = np.array([time for _, time in clicks], np.float64)
    scores = trending_scores(rows, times, as_of=0, half_life_hours=24, size=5)
    if (times < 0).any():
        assert scores.max() == 1 and scores.min() >= 0
    else:
        assert np.isnan(scores).all()
