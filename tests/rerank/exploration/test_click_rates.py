import numpy as np
import pytest

from broadsheet.rerank.exploration.click_rates import (
    LEAST,
    MOST_SLOTS,
    PRIOR_SHOWINGS,
    UNKNOWN_RATE,
    count_click_rates,
    given_examination,
    learned_examination,
)


def counted(rows, slots, clicked, ages, articles=3):
    arrays = [np.array(values) for values in (rows, slots, clicked)]
    return count_click_rates(articles, *arrays, np.array(ages, np.float64), given_examination())


def test_a_showing_counts_as_its_slot_is_examined_and_half_after_a_day():
    # Slot 1 is examined with 1, slot 3 with 1 / log2(4) = 0.5; the showing with an unknown slot counts whole.
    rates = counted([0, 0, 0, 1], [1, 3, 3, 0], [1, 0, 0, 0], [0, 0, 24, 0])
    assert rates.clicks.tolist() == [1, 0, 0] and rates.examined.tolist() == pytest.approx([1.75, 1, 0])


def test_the_posterior_has_the_articles_own_counts_and_a_prior_at_the_average_rate():
    rates = counted([0] * 4 + [1] * 4, [1] * 8, [1, 1, 0, 0] + [0] * 4, [0] * 8)
    clicks, misses = rates.posteriors(np.array([1, 0, 2]))
    assert clicks == pytest.approx(np.array([0, 2, 0]) + PRIOR_SHOWINGS / 4)
    assert misses == pytest.approx(np.array([4, 2, 0]) + PRIOR_SHOWINGS * 3 / 4)


def test_without_a_click_the_average_rate_is_assumed_and_the_parameters_stay_above_zero():
    clicks, misses = counted([0], [1], [0], [0]).posteriors(np.array([0, 1]))
    assert clicks == pytest.approx([PRIOR_SHOWINGS * UNKNOWN_RATE] * 2)
    assert misses == pytest.approx(np.array([1, 0]) + PRIOR_SHOWINGS * (1 - UNKNOWN_RATE))


def test_clicks_in_slots_that_are_hardly_examined_make_no_posterior_below_the_prior():
    clicks, misses = counted([0] * 3, [90] * 3, [1, 1, 1], [0] * 3).posteriors(np.array([0]))
    assert clicks[0] > 3 and misses[0] == pytest.approx(PRIOR_SHOWINGS / 2)


def test_the_examination_of_slots_is_learned_from_articles_that_chance_put_there():
    rng, truth = np.random.default_rng(5), np.array([1.0, 0.9, 0.3])
    # Good articles come to the top more often; the inverse of the propensity makes up for it.
    good = rng.random(60_000) < 0.5
    to_top = np.where(good, 0.6, 0.2)
    draws = rng.random(60_000)
    slots = np.where(draws < to_top, 1, np.where(draws < to_top + (1 - to_top) / 2, 2, 3))
    propensity = np.where(slots == 1, to_top, (1 - to_top) / 2)
    clicked = (rng.random(60_000) < np.where(good, 0.5, 0.1) * truth[slots - 1]).astype(np.int64)
    found = learned_examination(slots, clicked, 1 / propensity)
    assert found[:3] == pytest.approx(truth, abs=0.04)
    naive = [clicked[slots == slot].mean() / clicked[slots == 1].mean() for slot in (1, 2, 3)]
    assert abs(naive[1] - truth[1]) > 0.1  # what the plain ratio would say


def test_articles_that_are_always_in_their_slot_teach_nothing_and_a_few_showings_hardly_anything():
    slots, clicked = np.array([1, 2] * 50), np.array([0, 1] * 50)
    assert learned_examination(slots, clicked, np.ones(100)) == pytest.approx(given_examination())
    few = learned_examination(np.array([2, 1]), np.array([1, 0]), np.array([2.0, 2.0]))
    assert few[:3] == pytest.approx(given_examination()[:3], abs=0.02)
    assert few.shape == (MOST_SLOTS,) and few.min() >= LEAST and few.max() == 1


def test_one_showing_of_tiny_propensity_says_no_more_of_its_slot_than_one_showing():
    # A page of five slots: the best articles are nearly always in their slots, and one article in 3,000 came by chance.
    slots, propensity = np.tile([1, 2, 3, 4, 5], 400), np.full(2000, 0.98)
    clicked = np.tile([1, 0, 0, 0, 0], 400) * (np.arange(2000) % 10 == 0) + (np.arange(2000) % 19 == 0)
    clicked = (clicked > 0).astype(np.int64)
    propensity[4], clicked[4] = 1 / 3000, 0  # slot 5, without a click
    other = slots < 5
    nothing_known = learned_examination(slots[other], clicked[other], 1 / propensity[other])
    assert learned_examination(slots, clicked, 1 / propensity) == pytest.approx(nothing_known, abs=0.01)
