import numpy as np
import pytest

from broadsheet.corpus.impressions import make_impression
from broadsheet.rerank.exploration.click_rates import given_examination
from broadsheet.rerank.exploration.page import PageDraw
from broadsheet.rerank.exploration.policy import Candidates, Exploration
from broadsheet.training.learning_on.off_policy import off_policy
from tests.support.evaluated import row


def pages(bench, clicked, count):
    """Pages of two slots by different readers, all with the same clicks."""
    rows = [row(number, ["N1", "N2"], clicked) | {"user_id": f"u{number}"} for number in range(count)]
    return [make_impression(bench.data.catalogue, one, number) for number, one in enumerate(rows)]


def test_a_click_counts_by_how_much_more_often_its_new_slot_is_examined(bench):
    # 60 pages whose first slot was clicked, then 40 whose second slot was. The challenger turns the latter round.
    impressions = [
        make_impression(bench.data.catalogue, row(n, ["N1", "N2"], [n < 60, n >= 60]) | {"user_id": f"u{n}"}, n)
        for n in range(100)
    ]
    propensities = {number: [0.8, 0.8] for number in range(100)}
    as_shown, turned = np.tile([2.0, 1.0], 100), np.concatenate([np.tile([2.0, 1.0], 60), np.tile([1.0, 2.0], 40)])
    found = off_policy(impressions, propensities, as_shown, turned).figures["estimated clicks a page"]
    # Slot 1 has 60 clicks of 100 showings, slot 2 has 40: a rate of 100 / (100 + 100 * 0.63093) per examined showing.
    rate = 1 / 1.63093
    first, second = (0.6 * 100 / rate + 500) / 600, (0.4 * 100 / rate + 500 * 0.63093) / 600
    assert found["before"] == pytest.approx(1.0)
    assert found["after"] == pytest.approx(0.6 + 0.4 * first / second, rel=1e-4) and found["low"] > 0


def explored_pages(bench, count):
    """Pages of five slots over twenty articles by readers whose clicks are known: slot by slot, article by article.

    Returns the impressions, their propensities, the click rate of each shown article, and the examination of the slots.
    """
    rng, looks = np.random.default_rng(3), given_examination()[:5]
    rates = 0.5 * rng.beta(1, 4, 20)  # the ranking of the log knows nothing of these
    draw = PageDraw(Exploration("epsilon-greedy", epsilon=0.5), Candidates(np.linspace(1, 0, 20)), slots=5, budget=2)
    impressions, propensities, shown_rates = [], {}, []
    for number in range(count):
        page = draw.draw(number)
        clicked = (rng.random(5) < rates[page.order] * looks).tolist()
        of = row(number, [f"N{one}" for one in page.order], clicked) | {"user_id": f"u{number}"}
        impressions.append(make_impression(bench.data.catalogue, of, number))
        propensities[number] = page.propensity.tolist()
        shown_rates.append(rates[page.order])
    return impressions, propensities, np.concatenate(shown_rates), looks


def test_the_clicks_of_another_order_are_those_that_its_readers_would_make(bench):
    impressions, propensities, rates, looks = explored_pages(bench, 6000)

    def truth(scores):
        order = np.argsort(-scores.reshape(-1, 5), axis=1, kind="stable")
        return float((np.take_along_axis(rates.reshape(-1, 5), order, axis=1) * looks).sum(axis=1).mean())

    rng = np.random.default_rng(4)
    for scores in (rates, -rates, rng.random(len(rates))):
        as_shown = np.tile([5.0, 4.0, 3.0, 2.0, 1.0], 6000)
        found = off_policy(impressions, propensities, as_shown, scores).figures["estimated clicks a page"]
        assert found["after"] == pytest.approx(truth(scores), rel=0.05)
        assert found["before"] == pytest.approx(truth(as_shown), rel=0.05)
        gain = truth(scores) - truth(as_shown)
        assert found["low"] - 0.01 < gain < found["high"] + 0.01


def test_a_log_without_propensities_or_with_few_clicks_tells_nothing(bench):
    impressions, scores = pages(bench, [True, False], 30), np.tile([2.0, 1.0], 30)
    sure = {number: [1.0, 1.0] for number in range(30)}
    assert "no page explored" in off_policy(impressions, sure, scores, scores)
    unlogged = dict.fromkeys(range(30))
    assert off_policy(impressions, unlogged, scores, scores) == "no propensities were logged"
    logged = {number: [0.5, 0.5] for number in range(30)}
    assert off_policy(impressions, logged, scores, -scores) == (
        "the log tells too little: an effective number of 30 clicks, expected 50 or more"
    )
    cut = {number: [0.5, 0.5, 0.5] for number in range(30)}
    assert off_policy(impressions, cut, scores, scores) == "no propensities were logged"
