from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.config.acts import ActsConfig, ActsInPopularity
from broadsheet.corpus.exposures import click_rates, join_exposures, make_exposures, no_exposures
from broadsheet.corpus.worth import weighed
from broadsheet.offline.counters import AT_ONCE, RunningCoClicks, RunningCounters, co_clicks_of, counters_of
from broadsheet.retrieval.sources.co_click import READERS, CoClicks, running_pairs
from broadsheet.retrieval.sources.popularity_freshness import popularity_scores, trends
from tests.retrieval.readers import clicks_of
from tests.support.impressions import impression_of
from tests.support.tiny import START

NOW = START.timestamp()
HOUR, SIZE = 3600.0, 60
TIMES = st.integers(-200 * 60, 100 * 60)  # minutes around START
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, SIZE - 1), TIMES), max_size=60)


def shown_of(events):
    rows, times, hits = zip(*events, strict=True) if events else ((), (), ())
    return make_exposures(np.array(rows, np.int64), np.array(times, np.float64), np.array(hits, np.int8))


def known(bench, clicks=(), showings=()):
    """The data of the tiny newsroom with these clicks (user, row, time) and showings (row, time, clicked)."""
    log = clicks_of([*clicks])
    return replace(bench.data, articles=bench.data.catalogue, click_log=log, showings=shown_of([*showings]))


def seconds(minutes):
    return NOW + 60.0 * minutes


@settings(max_examples=30)
@given(EVENTS, st.lists(TIMES, min_size=1, max_size=8))
def test_counters_that_run_along_are_those_of_a_request_at_each_moment(bench, events, minutes):
    clicks = [(user, row, seconds(at)) for user, row, at in events]
    showings = [(row, seconds(at - 1), user % 3 - 1) for user, row, at in events]  # unlabelled, unclicked and clicked
    data = known(bench, clicks, showings)
    running, gone = RunningCounters(data), data.catalogue.gone
    codes = np.unique(data.catalogue.category.astype(str), return_inverse=True)[1]
    for moment in map(seconds, sorted(minutes)):
        found = running(moment)
        future = data.catalogue.published_at > moment
        expected = popularity_scores(data.clicks, moment, codes, future | gone, gone)
        np.testing.assert_allclose(found["popularity"], expected, rtol=1e-9)
        np.testing.assert_allclose(found["trend"], trends(data.clicks, moment, gone), rtol=1e-9)
        np.testing.assert_allclose(found["click_rate"], click_rates(data.exposures, moment, SIZE), atol=1e-9)


@settings(max_examples=30)
@given(EVENTS, st.lists(TIMES, min_size=1, max_size=8))
def test_counters_by_the_worth_of_acts_are_those_of_a_request_at_each_moment(bench, events, minutes):
    kinds = [("click", "like", "hide")[user % 3] for user, *_ in events]
    rows, times = (np.array([one[place] for one in events], kind) for place, kind in ((1, np.int64), (2, np.float64)))
    acts = ActsConfig(popularity=ActsInPopularity(like=2.5, hide=-1.5, long_read=3, half_life_hours=11))
    worth = weighed(rows, kinds, NOW + 60 * times, 20.0 * rows, acts)
    data = known(bench, [(user, row, seconds(at)) for user, row, at in events])
    data = replace(data, articles=data.catalogue, click_log=replace(data.clicks, worth=worth))
    running, gone = RunningCounters(data), data.catalogue.gone
    codes = np.unique(data.catalogue.category.astype(str), return_inverse=True)[1]
    for moment in map(seconds, sorted(minutes)):
        expected = popularity_scores(data.clicks, moment, codes, (data.catalogue.published_at > moment) | gone, gone)
        found = running(moment)
        np.testing.assert_allclose(found["popularity"], expected, atol=1e-6)
        np.testing.assert_allclose(found["trend"], trends(data.clicks, moment, gone), atol=1e-9)


def test_a_click_rate_with_logged_propensities_is_that_of_a_request(bench):
    part = shown_of([(0, NOW, 1), (1, NOW + 1, 0), (2, NOW + 2, 1)])
    weighted = replace(part, weights=np.array([4.0, 1.0, 20.0]))
    data = replace(known(bench), showings=join_exposures([weighted, no_exposures()]))
    found = RunningCounters(data)(NOW + HOUR)["click_rate"]
    np.testing.assert_array_equal(found, click_rates(weighted, NOW + HOUR, SIZE))
    assert found[2] > found[0] > 0 > found[1]


def test_each_impression_has_the_counters_of_its_own_moment_whatever_its_place(bench):
    data = known(bench, [(0, 3, NOW + 60), (1, 3, NOW + 120), (1, 4, NOW + 180)])
    shown = [impression_of(data.catalogue, "u", START, shown=["N3", "N4"], clicked=[True, False]) for _ in range(3)]
    moments = np.array([NOW + 200, NOW, NOW + 150])
    found = counters_of(data, shown, moments)["popularity"].reshape(3, 2)
    assert np.isnan(found[1]).all()  # nothing was clicked yet
    assert found[0, 0] == 1.0 > found[0, 1] > 0  # two clicks against one
    assert found[2, 0] == 1.0 and found[2, 1] < found[0, 1]  # N4 was clicked later


def test_co_clicks_are_as_of_the_last_full_ten_minutes_before_the_moment(bench):
    clicks = [(1, 0, NOW + 10), (1, 3, NOW + 10), (2, 0, NOW + 700), (2, 4, NOW + 700)]
    one = impression_of(bench.data.catalogue, "u", START, history=["N0"], shown=["N3", "N4", "N5"])
    one = replace(one, shown=["N3", "N4", "N5"], shown_rows=[3, 4, 5])
    moments = {name: np.array([NOW + at]) for name, at in (("before", 599.0), ("after", 600.0), ("later", 1200.0))}
    found = co_clicks_of(clicks_of(clicks), SIZE, [one], moments)
    assert np.isnan(found["before"]).all()
    assert found["after"][0] == pytest.approx(1 - np.exp(-1)) and np.isnan(found["after"][1:]).all()
    of_request = dict(zip(*CoClicks(clicks_of(clicks), NOW + 1200, size=SIZE)([np.array([0])])[0], strict=True))
    np.testing.assert_allclose(found["later"], [of_request[3], of_request[4], np.nan])


def test_many_impressions_of_one_moment_are_counted_some_at_a_time_and_each_as_if_alone(bench):
    clicks = clicks_of([(user, row, NOW) for user in range(5) for row in range(user, 40, user + 1)])
    shown = [
        impression_of(bench.data.catalogue, "u", START, [f"N{n % 20}"], [f"N{n % 23}", f"N{n % 29}"], [True, False])
        for n in range(AT_ONCE + 3)
    ]
    moments = np.full(len(shown), NOW + HOUR)
    together = co_clicks_of(clicks, SIZE, shown, {"": moments})[""]
    alone = [co_clicks_of(clicks, SIZE, [one], {"": moments[:1]})[""] for one in shown]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    assert np.isfinite(together).sum() > AT_ONCE


def test_no_impressions_have_no_counters(bench):
    assert [len(values) for values in counters_of(known(bench), [], np.zeros(0)).values()] == [0, 0, 0]


@settings(max_examples=30)
@given(EVENTS, EVENTS, st.integers(0, 300))
def test_clicks_and_showings_of_the_moment_and_later_change_nothing(bench, events, planted, minutes):
    clicks = [(user, row, seconds(at)) for user, row, at in events]
    moment = seconds(minutes)
    later = [(user, row, moment + 60.0 * abs(at)) for user, row, at in planted]
    one = impression_of(
        bench.data.catalogue,
        "u",
        START + timedelta(minutes=minutes),
        history=["N1", "N2"],
        shown=["N3"],
        clicked=[True],
    )

    def found(logged):
        data = known(bench, logged, [(row, time, user % 2) for user, row, time in logged])
        moments = np.array([moment])
        co = co_clicks_of(data.clicks, SIZE, [one], {"": moments})
        return {**counters_of(data, [one], moments), **co}

    before, after = found(clicks), found([*clicks, *later])
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


@settings(max_examples=40)
@given(EVENTS, st.lists(TIMES, min_size=1, max_size=8), st.lists(st.integers(0, SIZE - 1), unique=True, min_size=1))
def test_co_clicks_that_run_along_are_those_of_a_request_at_each_moment(events, minutes, history):
    # Minutes count as hours here, so that some clicks are a month old and leave the window.
    clicks = clicks_of([(user, row, NOW + HOUR * at / 8) for user, row, at in events])
    moments = sorted(NOW + HOUR * at / 8 for at in minutes)
    running, everything = RunningCoClicks(clicks, moments[0], moments[-1], SIZE), np.arange(SIZE)
    for moment in moments:
        asked = [np.array(history)], np.zeros(SIZE, np.int64), everything
        expected = CoClicks(clicks, moment, size=SIZE).pairs(*asked)
        np.testing.assert_allclose(running_pairs(running(moment), *asked), expected, rtol=1e-9)


def test_an_article_that_thousands_clicked_counts_its_last_readers_as_in_a_request():
    rng = np.random.default_rng(0)
    clicks = clicks_of([(user, user % 3, NOW + float(rng.integers(0, 10**6))) for user in range(4 * READERS)] +
                       [(user, 5, NOW + float(user)) for user in range(0, 4 * READERS, 7)])  # fmt: skip
    running = RunningCoClicks(clicks, NOW, NOW + 2e6, SIZE)
    for moment in (NOW + 5e5, NOW + 2e6):
        asked = [np.array([0, 1]), np.array([5, 2])], np.array([0, 1, 1]), np.array([5, 5, 1])
        expected = CoClicks(clicks, moment, size=SIZE).pairs(*asked)
        assert np.isfinite(expected).any()
        np.testing.assert_allclose(running_pairs(running(moment), *asked), expected, rtol=1e-9)
