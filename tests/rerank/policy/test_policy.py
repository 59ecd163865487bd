from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.corpus.same_event import DAY
from broadsheet.rerank.policy.policy import Items, Policy, arrange
from tests.rerank.policy.one_list import flags, likeness, numbers

LARGE = "X"


def items_of(scores, categories="", sources="", vectors=None, days=None, newest=None):
    """One list of items that are unlike each other, and of unknown category, source and time unless named."""
    count, sources = len(scores), numbers(sources or "." * len(scores))
    return Items(
        scores=np.array([scores], np.float64),
        there=np.ones((1, count), np.bool_),
        likeness=likeness(np.eye(count) if vectors is None else vectors),
        categories=numbers(categories or "." * count),
        sources=sources,
        published_at=np.full((1, count), np.nan) if days is None else np.array([days], np.float64) * DAY,
        small=(sources >= 0) & (sources != ord(LARGE)),
        newest=None if newest is None else flags(newest, "n"),
    )


def order_of(items, policy, read=""):
    return arrange(items, policy, numbers(read))[0][0].tolist()


def test_with_everything_off_the_scores_decide_and_the_earlier_of_two_equal_ones_comes_first():
    items = items_of([1, 3, 2, 3, 1], "aaaaa", "XXXXX", np.ones((5, 2)), [0, 0, 0, 0, 0])
    assert order_of(items, Policy(), "bbb") == [1, 3, 2, 0, 4]


def test_diversity_and_calibration_together_weigh_as_their_formula_says():
    items = items_of([10, 9, 0], "aab", vectors=[[1, 0], [1, 0], [0, 1]])
    # Worth after the first: 0.9 * (0.6 * 0.9 - 0.4 * 1) - 0.1 * KL(b | a, a), and 0.9 * 0 - 0.1 * KL(b | a, b).
    alone, both = np.log(100), np.log(1 / 0.505)  # of q = 0 and 1/2, with a hundredth mixed in
    assert 0.9 * 0.14 - 0.1 * alone < -0.1 * both
    assert order_of(items, Policy(diversity=0.4), "b") == [0, 1, 2]
    assert order_of(items, Policy(diversity=0.4, calibration=0.1), "b") == [0, 2, 1]


def test_the_distances_are_those_of_the_order_that_the_limits_leave():
    items = items_of([3, 2, 1], vectors=[[1, 0], [1, 0], [0, 1]])
    order, distances = arrange(items, Policy(story=1, story_similarity=0.9), numbers(""))
    assert order.tolist() == [[0, 2, 1]] and distances.tolist() == [[1, 1, 0]]


def test_a_story_whose_best_article_exceeds_another_cap_is_told_by_the_next():
    items = items_of([4, 3, 2, 1], sources="XXYX", vectors=[[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert order_of(items, Policy(source=1, story=1, story_similarity=0.9)) == [0, 2, 3, 1]


def test_a_cap_goes_before_the_floor():
    items = items_of([4, 3, 2, 1], "aaab", "XYYX")
    assert order_of(items, Policy(small_sources=0.5)) == [0, 1, 2, 3]
    assert order_of(items, Policy(small_sources=0.5, category=1)) == [0, 3, 1, 2]


def test_every_tenth_place_goes_to_the_best_of_the_newest():
    scores = range(30, 0, -1)
    items = items_of(scores, newest="." * 20 + "n" * 10)
    assert order_of(items, Policy(newest=0.1))[:20] == [*range(9), 20, *range(9, 18), 21]
    assert order_of(items, Policy(newest=0.2))[:10] == [0, 1, 2, 3, 20, 4, 5, 6, 7, 21]
    assert order_of(items, Policy())[:10] == list(range(10))
    assert order_of(items_of(scores, newest="." * 30), Policy(newest=0.1)) == list(range(30))


def test_two_articles_on_one_event_are_not_shown_for_the_sake_of_the_newest():
    items = items_of([4, 3, 2, 1], newest="...n", vectors=[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert order_of(items, Policy(newest=0.5)) == [0, 3, 1, 2]
    assert order_of(items, Policy(newest=0.5, story=1, story_similarity=0.9)) == [0, 1, 2, 3]


def test_no_items_are_arranged_into_nothing():
    everything = Policy(0.5, 0.5, 1, 1, 1, 0.9, 1.0, small_sources=0.5, once=True, newest=0.5)
    nothing = replace(items_of([], vectors=np.zeros((0, 2)), newest=""), copies=np.zeros((1, 0, 0), np.bool_))
    order, distances = arrange(nothing, everything, numbers("a"))
    assert order.tolist() == [[]] and distances.tolist() == [[]]


@st.composite
def lists(draw):
    """Items with few categories, sources, directions and days, so that all limits bite."""
    count = draw(st.integers(1, 12))

    def some(values):
        return draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))

    scores = some([0.0, 0.1, 0.5, 0.5, 2.0])
    angles = np.array(some([0.0, 0.2, 1.5, 3.0]))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return items_of(scores, "".join(some("ab.")), "".join(some("XYZ.")), vectors, some([0.0, 1.0, 9.0, np.nan]))


share = st.sampled_from([0.0, 0.1, 0.5, 1.0])
cap = st.integers(0, 3)
policies = st.builds(Policy, share, share, cap, cap, cap, st.just(0.9), st.just(2.0), share)
histories = st.text("abc.", max_size=5)


@settings(deadline=None)
@given(lists(), policies, histories)
def test_a_permutation_comes_out_the_same_each_time_and_without_nan(items, policy, read):
    order, distances = arrange(items, policy, numbers(read))
    again, _ = arrange(items, policy, numbers(read))
    assert sorted(order[0].tolist()) == list(range(order.shape[1])) and order.tolist() == again.tolist()
    assert np.isfinite(distances).all() and distances.min() >= 0


@settings(deadline=None)
@given(lists(), histories)
def test_a_policy_that_is_off_keeps_the_order_of_the_scores(items, read):
    assert order_of(items, Policy(), read) == np.argsort(-items.scores[0], kind="stable").tolist()


def near(items, one, other):
    apart = abs(items.published_at[0, one] - items.published_at[0, other]) > 2 * DAY
    return items.likeness[0, one, other] >= 0.9 and not apart


def exceeds(items, policy, above, item):
    """Whether an item exceeds a cap below those above, as the settings' own words have it."""
    for most, of in ((policy.category, items.categories[0]), (policy.source, items.sources[0])):
        if most and of[item] >= 0 and sum(of[one] == of[item] for one in above) >= most:
            return True
    return bool(policy.story) and sum(near(items, one, item) for one in above) >= policy.story


@settings(deadline=None)
@given(lists(), policies, histories)
def test_nothing_exceeds_a_cap_while_something_is_left_that_does_not(items, policy, read):
    order = order_of(items, policy, read)
    for place, item in enumerate(order):
        if exceeds(items, policy, order[:place], item):
            assert all(exceeds(items, policy, order[:place], later) for later in order[place:])


@settings(deadline=None)
@given(lists(), policies, histories, share)
def test_small_sources_have_their_share_of_every_first_places_while_there_are_any(items, policy, read, floor):
    policy = replace(policy, category=0, source=0, story=0, small_sources=floor)
    order = order_of(items, policy, read)
    small = [items.sources[0, item] in (ord("Y"), ord("Z")) for item in order]
    for places in range(1, len(order) + 1):
        assert sum(small[:places]) >= min(int(floor * places + 1e-9), sum(small))


@settings(deadline=None)
@given(lists(), st.integers(1, 3))
def test_with_one_of_a_story_no_two_shown_are_near_until_all_that_is_left_is_near_something(items, k):
    order = order_of(items, Policy(story=1, story_similarity=0.9, story_days=2.0))
    first = order[:k]
    pairs = [(one, other) for one in first for other in first if one < other]
    if any(near(items, one, other) for one, other in pairs):
        assert all(any(near(items, one, later) for one in first) for later in order[k:])


@settings(deadline=None)
@given(lists(), policies, histories)
def test_the_first_places_do_not_depend_on_the_scale_of_the_scores(items, policy, read):
    louder = replace(items, scores=items.scores * 4 - 8)  # exact in binary
    assert order_of(items, policy, read) == order_of(louder, policy, read)


@pytest.mark.parametrize("policy", [Policy(category=1), Policy(source=1), Policy(calibration=0.5)])
def test_a_list_of_one_kind_is_as_long_as_before_and_in_the_order_of_the_scores(policy):
    assert order_of(items_of([1, 3, 2], "aaa", "YYY"), policy, "ab") == [1, 2, 0]
