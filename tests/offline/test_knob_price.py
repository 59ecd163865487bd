"""The price of other settings, on the impressions of a tiny newsroom."""

from datetime import timedelta

import numpy as np
import pytest

from broadsheet.config.arms import with_settings
from broadsheet.metrics.ranking import Impressions, ndcg
from broadsheet.offline import knob_price
from broadsheet.offline.knob_price import latest_impressions, measure_price
from tests.support.evaluated import SHOWN_AT

AFTER = SHOWN_AT + timedelta(days=30)


def under(bench, **settings):
    return bench.under(bench.models.under(with_settings(bench.models.config, settings)))


def test_the_same_settings_cost_nothing_and_other_settings_are_measured_on_the_same_impressions(bench, monkeypatch):
    steps = []
    monkeypatch.setattr(knob_price, "LEAST", 5)
    same = measure_price(bench, bench, AFTER, lambda done, total: steps.append((done, total)))
    assert same.ndcg is not None and same.ndcg.difference[:3] == (0, 0, 0) and same.impressions >= 5
    assert all(one.difference.mean == 0 for one in same.pages) and len(same.pages) == 4
    assert steps[-1][0] == steps[-1][1] == same.impressions + same.readers and steps == sorted(steps)
    assert 0 < same.ndcg.now <= 1
    shown = [one.time for one in latest_impressions(bench, AFTER)]
    assert same.times == (min(shown), max(shown))
    weights = {"two_tower": 0.0, "affinity": 0.0, "freshness": 5.0}
    blind = under(bench, rerank={"weights": weights, "calibration": 0.0, "diversity": 0.0})
    other = measure_price(bench, blind, AFTER, lambda *_: None)
    assert other.ndcg.now == same.ndcg.now and other.ndcg.then < other.ndcg.now, "it reads no interests"
    assert other.ndcg.difference.low <= other.ndcg.difference.mean == pytest.approx(other.ndcg.then - other.ndcg.now)
    assert other.pages[0].now == 10 and 0 <= other.pages[0].then <= 10


def test_the_ndcg_is_that_of_the_order_that_the_workbench_gives(bench):
    one = latest_impressions(bench, AFTER)[0]
    (requests,) = knob_price.shown_requests(bench, [one])
    ranked = bench.make_reranker(60)([requests[0]], requests[1], None, 10)
    place = {news_id: place for place, news_id in enumerate(ranked["news_id"].to_pylist())}
    scores = [-float(place[news_id]) for news_id in one.shown]
    by_hand = ndcg(Impressions(np.array(scores), np.array(one.clicked), np.array([0, len(one.shown)])), 10)
    assert knob_price._ndcg(bench, [one]) == pytest.approx(by_hand)


def test_too_few_impressions_give_no_figure_of_clicks_and_nothing_later_than_now_counts(bench):
    price = measure_price(bench, bench, SHOWN_AT - timedelta(days=30), lambda *_: None)
    assert price.impressions == 0 and price.ndcg is None and price.times is None
    times = [one.time for one in latest_impressions(bench, AFTER)]
    assert times == sorted(times, reverse=True) and len(times) <= knob_price.MOST
