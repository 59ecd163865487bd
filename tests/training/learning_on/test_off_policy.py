import numpy as np
import pytest

from broadsheet.corpus.impressions import make_impression
from broadsheet.training.learning_on.off_policy import off_policy
from tests.support.evaluated import row


def pages(bench, clicked, count):
    """Pages of two slots by different readers, all with the same clicks."""
    rows = [row(number, ["N1", "N2"], clicked) | {"user_id": f"u{number}"} for number in range(count)]
    return [make_impression(bench.data.catalogue, one, number) for number, one in enumerate(rows)]


def test_a_click_counts_by_one_over_its_propensity_where_the_ranking_has_the_article_in_its_slot(bench):
    # On 60 pages the first slot was clicked, on 40 the second. The champion ranks all as they were; the challenger
    # turns those 40 round, so the log tells nothing of its ranking there.
    first, second = pages(bench, [True, False], 60), pages(bench, [False, True], 40)
    second = [
        make_impression(bench.data.catalogue, row(60 + n, ["N1", "N2"], [False, True]), 60 + n) for n in range(40)
    ]
    impressions = [*first, *second]
    propensities = {number: [0.8, 0.8] if number < 60 else [0.4, 0.4] for number in range(100)}
    as_shown, turned = np.tile([2.0, 1.0], 100), np.concatenate([np.tile([2.0, 1.0], 60), np.tile([1.0, 2.0], 40)])
    found = off_policy(impressions, propensities, as_shown, turned).figures["estimated click rate"]
    # Champion: (60 / 0.8 + 40 / 0.4) / (120 / 0.8 + 80 / 0.4). Challenger: (60 / 0.8) / (120 / 0.8).
    assert found["before"] == pytest.approx(175 / 350) and found["after"] == pytest.approx(0.5)


def test_a_challenger_that_puts_what_is_clicked_into_the_first_slot_is_better(bench):
    impressions = pages(bench, [True, True], 80) + pages(bench, [False, False], 80)
    impressions = [make_impression(bench.data.catalogue, row(n, one.shown, one.clicked) | {"user_id": f"u{n}"}, n)
                   for n, one in enumerate(impressions)]  # fmt: skip
    propensities = {number: [0.5, 0.5] for number in range(160)}
    clicked_pages = np.concatenate([np.tile([2.0, 1.0], 80), np.tile([1.0, 2.0], 80)])
    other_pages = np.concatenate([np.tile([1.0, 2.0], 80), np.tile([2.0, 1.0], 80)])
    better = off_policy(impressions, propensities, other_pages, clicked_pages)
    assert better.figures["estimated click rate"] == {"before": 0.0, "after": 1.0, "low": 1.0, "high": 1.0}
    worse = off_policy(impressions, propensities, clicked_pages, other_pages).worse(0.005)
    assert worse == ["the change of estimated click rate is at least -1.0000, expected -0.0050 or more"]


def test_a_log_without_propensities_or_with_few_slots_that_agree_tells_nothing(bench):
    impressions, scores = pages(bench, [True, False], 30), np.tile([2.0, 1.0], 30)
    unlogged = dict.fromkeys(range(30))
    assert off_policy(impressions, unlogged, scores, scores) == "no propensities were logged"
    logged = {number: [0.5, 0.5] for number in range(30)}
    assert off_policy(impressions, logged, scores, -scores) == (
        "the log tells too little: an effective sample of 0 slots, expected 50 or more"
    )
    cut = {number: [0.5, 0.5, 0.5] for number in range(30)}
    assert off_policy(impressions, cut, scores, scores) == "no propensities were logged"
