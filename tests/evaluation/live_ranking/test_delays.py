from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from broadsheet.corpus.exposures import make_exposures
from broadsheet.evaluation.live_ranking.delays import CONTENT_ONLY, DELAYS, NIGHT, fresh_at, lists_at, moments_of
from broadsheet.evaluation.settings import make_log
from broadsheet.offline.counters import COUNTERS
from broadsheet.offline.signals import impression_signals
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from tests.support.evaluated import SHOWN_AT, random_scorer
from tests.support.impressions import impression_of

MINUTE = 60.0
AT = SHOWN_AT.timestamp()  # 16:00 on the second of May


@pytest.fixture
def shown(bench):
    catalogue = bench.data.catalogue
    lists = {"history": ["N0", "N3"], "shown": ["N1", "N6", "N9"], "clicked": [True, False, False]}
    return [impression_of(catalogue, "u", SHOWN_AT + timedelta(hours=hours), **lists) for hours in (0, 2)]


def signals(bench, shown, events):
    """The signals at each delay if these articles were shown and clicked at these minutes around the first list."""
    times = np.array([AT + MINUTE * minutes for _, minutes in events])
    rows = np.array([row for row, _ in events], np.int64)
    clicks = make_log(
        [(f"r{place % 2}", int(row), float(time)) for place, (row, time) in enumerate(zip(rows, times, strict=True))]
    )
    showings = make_exposures(rows, times, np.ones(len(rows), np.int8))
    data = replace(bench.data, articles=bench.data.catalogue, click_log=clicks, showings=showings)
    return {delay: found.signals for delay, found in lists_at(bench.over(data), shown).items()}


def test_the_moments_of_each_delay_are_before_the_impression(shown):
    moments = moments_of(shown)
    assert [*moments] == [*DELAYS]
    found = {delay: ((at - AT) / MINUTE).tolist() for delay, at in moments.items()}
    assert found == {
        "0 s": [0, 120],
        "5 min": [-5, 115],
        "1 h": [-60, 60],
        NIGHT: [-960, -960],
        CONTENT_ONLY: [0, 0],
    }


# What happens at these minutes around the first list, and the delays at which it may change the first list's counters.
@pytest.mark.parametrize(
    ("minutes", "changed"),
    [
        (0, []),
        (30, []),
        (-1, ["0 s", CONTENT_ONLY]),
        (-30, ["0 s", "5 min", CONTENT_ONLY]),
        (-90, ["0 s", "5 min", "1 h", CONTENT_ONLY]),
        (-990, [*DELAYS]),
    ],
)
def test_what_others_did_counts_only_before_the_moment_of_each_delay(bench, shown, minutes, changed):
    base = [(1, -2000), (6, -1990), (9, -1980), (3, -1985), (0, -1985)]
    before, after = signals(bench, shown[:1], base), signals(bench, shown[:1], [*base, (6, minutes), (6, minutes)])
    different = [
        delay
        for delay in DELAYS
        if not all(np.array_equal(before[delay][name], after[delay][name], equal_nan=True) for name in before[delay])
    ]
    assert different == changed


def test_signals_that_are_no_counters_are_the_same_at_each_delay_and_those_of_a_request(bench, shown):
    found = signals(bench, shown, [(1, -2000), (6, -90)])
    of_requests = [*impression_signals(bench, shown)]
    for name in [name for name in of_requests[0] if name not in COUNTERS]:
        expected = np.concatenate([one[name] for one in of_requests])
        for delay in DELAYS:
            np.testing.assert_array_equal(found[delay][name], expected)
    assert all([*found[delay]] == [*of_requests[0]] for delay in DELAYS)


def test_an_article_is_as_old_as_its_first_appearance_and_unknown_before(bench, shown):
    catalogue = bench.data.catalogue
    published = catalogue.published_at.copy()
    published[[1, 6, 9]] = AT - 24 * 3600, AT + 3600, AT
    data = replace(bench.data, articles=replace(catalogue, published_at=published))
    found = lists_at(bench.over(data), shown)["0 s"].signals["freshness"].reshape(2, 3)
    hours = bench.models.config.rerank.half_life_hours
    np.testing.assert_allclose(found[0], [0.5 ** (24 / hours), np.nan, 1.0])  # N6 appears an hour after the first list
    np.testing.assert_allclose(found[1], [0.5 ** (26 / hours), 0.5 ** (1 / hours), 0.5 ** (2 / hours)])


def test_the_attentive_scorer_reads_the_counters_of_each_delay(bench, shown, monkeypatch):
    scorer = TrainedScorer(random_scorer(bench.data.catalogue.vectors.dim), 0.0, "random")
    monkeypatch.setitem(vars(bench.models), "attention", scorer)
    base = [(1, -2000), (6, -1990), (9, -1980), (3, -1985), (0, -1985)]
    before, after = signals(bench, shown[:1], base), signals(bench, shown[:1], [*base, (6, -30), (6, -30)])
    for delay in DELAYS:
        assert np.isfinite(after[delay]["attention"]).all()
        same = np.array_equal(before[delay]["attention"], after[delay]["attention"])
        assert same == (delay in ("1 h", NIGHT))


def test_a_first_appearance_is_known_as_late_as_a_click_is_and_a_publication_time_at_once(bench, shown):
    at, ages = AT + 2 * 3600, (-30.0, 30.0, 90.0)  # minutes before the second list that N1, N6 and N9 appeared
    times = bench.data.catalogue.published_at.copy()
    times[shown[1].shown_rows] = [at - MINUTE * age for age in ages]
    data, fresh = SimpleNamespace(catalogue=SimpleNamespace(published_at=times)), np.full(6, 0.5)
    known = {
        delay: np.isfinite(found[3:]).tolist()
        for delay, found in fresh_at(data, shown, fresh, appearances=True).items()
    }
    assert known == {
        "0 s": [False, True, True],
        "5 min": [False, True, True],
        "1 h": [False, False, True],
        NIGHT: [False, False, False],
        CONTENT_ONLY: [False, False, False],  # the first list of the split was two hours earlier
    }
    assert all((found == 0.5).all() for found in fresh_at(data, shown, fresh, appearances=False).values())
