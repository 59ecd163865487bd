from dataclasses import replace

import numpy as np
import pytest

from broadsheet.evaluation.live_ranking.delays import CONTENT_ONLY, NIGHT
from broadsheet.evaluation.live_ranking.recall import ALL, lists_of, measure_recall
from broadsheet.evaluation.settings import make_log
from tests.support.evaluated import SHOWN_AT
from tests.support.impressions import impression_of

AT, HOUR = SHOWN_AT.timestamp(), 3600.0


def view(bench, published, clicks=()):
    """The workbench where only these articles have a time, in hours before the list, and these clicks were made."""
    catalogue = bench.data.catalogue
    times = np.full(len(catalogue), np.nan)
    for row, hours in published.items():
        times[row] = AT - hours * HOUR
    log = make_log([(user, row, AT - hours * HOUR) for user, row, hours in clicks])
    return bench.over(replace(bench.data, articles=replace(catalogue, published_at=times), click_log=log))


def asked(bench, clicked, history=("N0",)):
    shown = [clicked, "N50"]
    return [impression_of(bench.data.catalogue, "u", SHOWN_AT, history, shown, [True, False])]


def recall(bench, requests, delay, row, k):
    return measure_recall(bench, requests)[delay][row][f"recall@{k}"].tolist()


def test_a_click_is_found_if_it_is_among_the_first_of_the_pool(bench):
    published = {row: 1 + row / 100 for row in range(1, 31)}  # N1 is the newest, then N2, and so on
    room = view(bench, published)
    assert recall(room, asked(room, "N10"), "0 s", "freshness", 10) == [1.0]
    assert recall(room, asked(room, "N11"), "0 s", "freshness", 10) == [0.0]
    assert recall(room, asked(room, "N11"), "0 s", "freshness", 20) == [1.0]
    assert recall(room, asked(room, "N11", ["N3"]), "0 s", "freshness", 10) == [1.0]  # what was read makes room


@pytest.mark.parametrize(("hours", "reachable"), [(1, 1.0), (47, 1.0), (49, 0.0), (-1, 0.0)])
def test_an_article_is_in_the_pool_once_it_appeared_and_for_two_days(bench, hours, reachable):
    room = view(bench, {7: hours, 8: 1})
    found = measure_recall(room, asked(room, "N7"))["0 s"]["freshness"]
    assert (found["reachable"].tolist(), found["recall@10"].tolist()) == ([reachable], [reachable])


def test_clicks_of_others_count_up_to_the_delay(bench):
    published = {row: 2.0 for row in range(1, 31)}
    others = [(f"r{row}", row, 30.0) for row in range(1, 12)]
    room = view(bench, published, [*others, *(("x", 20, 0.5), ("y", 20, 0.5))])
    found = {
        delay: rows["popularity"]["recall@10"][0] for delay, rows in measure_recall(room, asked(room, "N20")).items()
    }
    assert (found["0 s"], found["5 min"], found[CONTENT_ONLY]) == (1.0, 1.0, 1.0)
    assert (found["1 h"], found[NIGHT]) == (0.0, 0.0)


def test_all_sources_together_keep_the_quotas_of_the_newsroom(bench):
    scores = {
        "two_tower": np.array([0.1, 0.2, 0.3, 0.9]),
        "popularity": np.array([np.nan, np.nan, 1.0, 0.5]),
        "freshness": np.array([1.0, 0.1, 0.1, 0.1]),
        "co_click": np.full(4, np.nan),
    }
    found = lists_of(bench, np.array([10, 20, 30, 40]), scores)
    assert found["two_tower"].tolist() == [40, 30, 20, 10]
    assert found["popularity"].tolist() == [30, 40] and found["co_click"].tolist() == []
    assert sorted(found[ALL].tolist()) == [10, 20, 30, 40]
