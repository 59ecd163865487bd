import warnings
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.retrieval import freshness_scores, popularity_scores
from broadsheet.retrieval.sources.popularity_freshness import Freshness, Popularity, trends
from tests.retrieval.readers import clicks_of, reader

HOUR = 3600.0
DAY = 24 * HOUR
NOBODY_HIDDEN = np.zeros(6, np.bool_)


def popularity(clicks, categories=(0, 0, 0), future=(), gone=()):
    """Trending at time 0, by tuples of a reader, a row and a time, half-life a day; `future` and `gone` are rows."""
    unpublished, gone = (np.isin(np.arange(len(categories)), rows) for rows in (future, gone))
    return popularity_scores(clicks_of(clicks), 0, np.array(categories, np.int64), unpublished, gone, 24)


def test_clicks_on_a_withdrawn_article_count_neither_for_it_nor_for_its_category():
    clicks = [(1, 0, -HOUR), (2, 1, -HOUR), (3, 1, -HOUR)]
    without = popularity([(1, 0, -HOUR)], (0, 5))
    np.testing.assert_allclose(popularity(clicks, (0, 0), gone=[1])[0], without[0])
    assert np.isnan(popularity(clicks[1:], (0, 0), gone=[1])).all()


def test_freshness_halves_with_each_half_life_and_is_unknown_for_the_future():
    published = np.array([0, -DAY, -2 * DAY, 1, np.nan])
    scores = freshness_scores(published, 0, 24)
    assert scores[:3].tolist() == [1, 0.5, 0.25] and np.isnan(scores[3:]).all()


def test_popularity_is_the_logarithm_of_decayed_clicks_and_a_tenth_of_the_categorys_mean_over_the_largest():
    # N0: one click now and one a day ago, 1 + 0.5. N1: one two days ago, 0.25. N2: none. Mean 1.75 / 3, a tenth 0.0583.
    scores = popularity([(1, 0, -1e-9), (2, 1, -2 * DAY), (3, 0, -DAY)])
    logarithms = np.log([1 + 155.8333333, 1 + 30.8333333, 1 + 5.8333333])
    assert scores.tolist() == pytest.approx((logarithms / logarithms[0]).tolist())


def test_an_article_without_clicks_is_above_0_where_its_category_is_read_and_0_where_it_is_not():
    scores = popularity([(1, 0, -1.0), (2, 2, -2 * DAY)], categories=[0, 0, 1, 1, 2])
    assert scores[0] == 1 > scores[2] > scores[1] > scores[3] > 0 == scores[4]


def test_a_click_at_the_moment_or_later_changes_nothing():
    clicks = [(1, 0, -HOUR), (2, 1, -2 * HOUR)]
    assert popularity([*clicks, (3, 2, 0), (3, 2, DAY)]).tolist() == popularity(clicks).tolist()


def test_an_article_of_the_future_does_not_lower_the_mean_of_its_category():
    clicks = [(1, 0, -HOUR), (2, 0, -DAY), (3, 1, -HOUR)]
    assert popularity(clicks, [0, 0, 0, 0], future=[3])[:3].tolist() == popularity(clicks).tolist()
    assert popularity(clicks, [0, 0, 0, 0])[2] < popularity(clicks)[2]


@pytest.mark.parametrize("age", [None, 20 * 365 * DAY], ids=["none", "twenty years ago"])
def test_without_clicks_that_still_count_popularity_is_unknown(age):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = popularity([] if age is None else [(1, 0, -age)])
    assert len(scores) == 3 and np.isnan(scores).all()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.floats(-1e6, 1e6)), max_size=20),
    st.lists(st.integers(0, 2), min_size=5, max_size=5),
)
def test_popularity_is_from_0_to_1_and_rises_with_the_clicks_within_a_category(clicks, categories):
    scores = popularity(clicks, categories)
    if not any(time < 0 for _, _, time in clicks):
        assert np.isnan(scores).all()
        return
    counts = np.zeros(5)
    for _, row, time in clicks:
        counts[row] += 0.5 ** (-time / DAY) if time < 0 else 0
    assert scores.max() == pytest.approx(1) and scores.min() >= 0
    for one in range(5):
        for other in range(5):
            if categories[one] == categories[other] and counts[one] > counts[other] + 1e-6:
                assert scores[one] > scores[other]


def test_popularity_proposes_the_best_known_that_may_be_shown_and_ties_go_to_the_earlier_row():
    scores = np.array([0.5, 0.9, np.nan, 0.5, 0.7, 0.1])
    source = Popularity(scores, np.array([False, True, False, False, False, False]))
    assert source.propose(reader(), 10).tolist() == [4, 0, 3, 5]
    assert source.propose(reader(excluded=[0, 4]), 2).tolist() == [3, 5]
    assert source(reader(), np.array([5, 1])).tolist() == [0.1, 0.9]


def test_fresh_proposes_the_newest_of_all_and_of_the_readers_categories_in_turn_and_scores_by_age_alone():
    scores = np.array([1.0, 0.9, 0.8, 0.5, 0.4, np.nan])
    source = Freshness(scores, np.array([2, 1, 0, 0, 1, 0]), NOBODY_HIDDEN)
    # By age 0, 1, 2, 3, 4. Two of three read are of category 0 and one of 1: products 1.6 and 1.0, 0.9 and 0.4, so that
    # the reader's own are 2, 3, 1, 4; article 0 is of a category that the reader never read.
    fan = reader(history=[5, 5, 4])
    assert source.propose(fan, 10).tolist() == [0, 2, 1, 3, 4]
    assert source.propose(fan, 2).tolist() == [0, 2]
    assert source.propose(reader(history=[5, 5, 4], excluded=[2, 4]), 3).tolist() == [0, 3, 1]
    assert source(fan, np.array([0, 2])).tolist() == [1.0, 0.8]


def test_without_a_history_fresh_proposes_the_newest_of_all():
    source = Freshness(np.array([0.2, 0.9, np.nan, 0.4, 1.0, 0.3]), np.array([0, 1, 0, 0, 1, 2]), np.arange(6) == 4)
    assert source.propose(reader(), 3).tolist() == [1, 3, 5]
    assert source.propose(reader(excluded=[1]), 3).tolist() == [3, 5, 0]


def test_where_no_time_is_known_fresh_proposes_nothing():
    source = Freshness(np.full(6, np.nan), np.zeros(6, np.int64), NOBODY_HIDDEN)
    assert source.propose(reader(), 3).tolist() == [] == source.propose(reader(history=[1]), 3).tolist()
    assert np.isnan(source(reader(), np.arange(6))).all()


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=12),
    st.lists(st.integers(0, 11), max_size=5),
    st.integers(1, 12),
)
def test_fresh_proposes_what_two_sorts_of_the_whole_catalogue_do(articles, history, n):
    scores, categories = np.array([score for score, _ in articles]), np.array([name for _, name in articles])
    history = [row % len(articles) for row in history]
    source = Freshness(scores, categories, np.zeros(len(articles), np.bool_))
    left = [row for row in range(len(articles)) if row not in history]
    newest = sorted(left, key=lambda row: (-scores[row], row))
    shares = np.bincount(categories[history], minlength=4)
    liked = [row for row in left if shares[categories[row]]]
    liked.sort(key=lambda row: (-scores[row] * shares[categories[row]], row))
    wanted = list(dict.fromkeys(row for pair in zip_longest(newest, liked) for row in pair if row is not None))
    assert source.propose(reader(history=history, excluded=history), n).tolist() == wanted[:n]


def test_a_trend_is_the_share_of_the_last_six_hours_clicks_over_that_of_the_day_before():
    # 10 of 15 recent clicks are on N0, 5 on N1; of 30 earlier ones 10 and 20. Of an unchanged share N0 would have 5
    # recent clicks and N1 10. N2 was clicked by nobody.
    recent, earlier = [0] * 10 + [1] * 5, [0] * 10 + [1] * 20
    clicks = [(1, row, -6 * HOUR) for row in recent] + [(1, row, -30 * HOUR) for row in earlier]
    expected = np.log([(10 + 5) / (5 + 5), (5 + 5) / (10 + 5), 1])
    assert trends(clicks_of(clicks), 0, np.zeros(3, bool)).tolist() == pytest.approx(expected.tolist())
    unchanged = [*clicks, (2, 2, -30 * HOUR - 1), (2, 2, 0.0)]  # too old, and at the moment itself
    assert trends(clicks_of(unchanged), 0, np.zeros(3, bool)).tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("hours", [10, 100], ids=["earlier alone", "long ago"])
def test_a_trend_is_unknown_without_clicks_of_the_last_hours(hours):
    assert np.isnan(trends(clicks_of([(1, 0, -hours * HOUR)]), 0, np.zeros(2, bool))).all()


def test_clicks_on_what_was_withdrawn_make_no_trend():
    clicks = [(1, 0, -HOUR), (1, 1, -HOUR), (2, 1, -10 * HOUR)]
    without = trends(clicks_of([clicks[0]]), 0, np.zeros(2, bool))
    gone = trends(clicks_of(clicks), 0, np.array([False, True, False]))
    assert gone[[0, 2]].tolist() == pytest.approx(without.tolist())


def test_the_first_clicks_of_a_newsroom_make_a_trend():
    # 400 clicks on N0 of 4 articles; of an equal share each would have 100.
    found = trends(clicks_of([(reader, 0, -HOUR) for reader in range(400)]), 0, np.zeros(4, bool))
    assert found.tolist() == pytest.approx([np.log(405 / 105), *[np.log(5 / 105)] * 3])
