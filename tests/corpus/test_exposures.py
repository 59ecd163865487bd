import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.corpus.exposures import (
    HALF_LIFE_HOURS,
    HOUR,
    MOST_WEIGHT,
    PRIOR_SHOWINGS,
    UNKNOWN,
    click_rates,
    exposures_of,
    join_exposures,
    make_exposures,
    no_exposures,
    read_exposures,
)
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import IMPRESSIONS
from tests.support.stage_contract import NOON, catalogue_of

NOW = 1e9


def shown(*showings):
    """Exposures from (row, hours before now, clicked)."""
    rows, hours, clicked = zip(*showings, strict=True) if showings else ((), (), ())
    return make_exposures(np.array(rows, np.int64), NOW - HOUR * np.array(hours, float), np.array(clicked, np.int8))


def test_a_rate_is_that_of_the_article_with_some_showings_at_the_average_over_the_average():
    day = HALF_LIFE_HOURS
    found = click_rates(shown((0, day, 1), (0, day, 0), (1, 2 * day, 0)), NOW, 3)
    # Showings weigh 1/2, 1/2 and 1/4: 1.25 of them with half a click, 0.4 on average.
    prior = PRIOR_SHOWINGS * 0.4
    assert found == pytest.approx(
        [np.log((0.5 + prior) / (1 + PRIOR_SHOWINGS) / 0.4), np.log(prior / (0.25 + PRIOR_SHOWINGS) / 0.4), 0.0]
    )


def test_a_showing_that_was_less_probable_weighs_more():
    day, rows, clicked = HALF_LIFE_HOURS, np.array([0, 0, 1]), np.array([1, 0, 0], np.int8)
    found = click_rates(make_exposures(rows, np.full(3, NOW - HOUR * day), clicked, np.array([4.0, 1.0, 1.0])), NOW, 2)
    # Weights 4, 1 and 1 have the mean 2: after a half-life they weigh 1, 1/4 and 1/4, and 1 of the 1.5 was a click.
    prior = PRIOR_SHOWINGS / 1.5
    assert found == pytest.approx(
        [np.log((1 + prior) / (1.25 + PRIOR_SHOWINGS) * 1.5), np.log(prior / (0.25 + PRIOR_SHOWINGS) * 1.5)]
    )


def test_probabilities_of_showing_are_read_where_they_were_logged_and_none_weighs_without_bound():
    def row(number, propensity):
        about = {"impression_id": str(number), "user_id": "u", "time": NOON, "history": [], "clicked": [True, False]}
        return {**about, "shown": ["N1", "N0"], "propensity": propensity}

    table = from_rows([row(0, [0.25, 1.0]), row(1, None), row(2, [0.001, 0.0]), row(3, [None, 0.5])], IMPRESSIONS)
    found = exposures_of(table, catalogue_of(np.eye(2))).weights
    np.testing.assert_array_equal(found, [4, 1, np.nan, np.nan, MOST_WEIGHT, MOST_WEIGHT, np.nan, 2])
    # A list with probabilities has the order of its page; of another list nobody knows the slots.
    slots = exposures_of(table, catalogue_of(np.eye(2))).slots
    assert slots.tolist() == [1, 2, UNKNOWN, UNKNOWN, 1, 2, 1, 2]


def test_showings_of_unknown_propensity_count_as_much_beside_others_as_without_them():
    rows, clicked = np.array([0, 0, 1, 1]), np.array([1, 0, 1, 0], np.int8)
    weights = np.array([MOST_WEIGHT, MOST_WEIGHT, np.nan, np.nan])
    first, second = click_rates(make_exposures(rows, np.full(4, NOW - HOUR), clicked, weights), NOW, 2)
    assert first == pytest.approx(second) == pytest.approx(0)


def test_without_a_click_to_go_by_the_rates_are_absent():
    for exposures in (no_exposures(), shown((0, 1, 0), (1, 2, UNKNOWN)), shown((0, 500, 1))):
        assert np.isnan(click_rates(exposures, NOW, 2)).all()


def test_an_impression_without_labels_says_nothing_of_the_rate():
    known = shown((0, 1, 1), (1, 1, 0))
    assert np.array_equal(
        click_rates(join_exposures([known, shown((1, 1, UNKNOWN))]), NOW, 2), click_rates(known, NOW, 2)
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-300, 0), st.sampled_from([0, 1, UNKNOWN])), min_size=1))
def test_nothing_of_the_request_itself_or_after_it_counts(planted):
    before = shown((0, 5, 1), (1, 3, 0), (2, 200, 1), (3, 0.001, 0))
    assert np.array_equal(click_rates(join_exposures([before, shown(*planted)]), NOW, 4), click_rates(before, NOW, 4))


def test_impressions_are_read_article_by_article_and_unknown_articles_and_earlier_times_are_left_out(tmp_path):
    def row(number, shown, clicked):
        about = {"impression_id": str(number), "user_id": "u", "time": NOON, "history": [], "propensity": None}
        return {**about, "shown": shown, "clicked": clicked}

    table = from_rows(
        [row(0, ["N1", "GONE", "N0"], [True, True, False]), row(1, ["N1"], []), row(2, [], [])], IMPRESSIONS
    )
    found = exposures_of(table, catalogue_of(np.eye(3)))
    assert found.rows.tolist() == [1, 0, 1] and found.clicked.tolist() == [1, 0, UNKNOWN]
    assert set(found.times) == {NOON.timestamp()}
    write_table(tmp_path / "impressions.arrow", table, IMPRESSIONS)
    for since, count in ((-np.inf, 3), (NOON.timestamp(), 3), (NOON.timestamp() + 1, 0)):
        assert len(read_exposures([tmp_path / "impressions.arrow"], catalogue_of(np.eye(3)), since).rows) == count
