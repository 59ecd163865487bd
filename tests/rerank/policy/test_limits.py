import numpy as np
import pyarrow as pa
import pytest

from broadsheet.corpus.same_event import DAY
from broadsheet.rerank.policy.limits import Cap, EventCap, Floor, KeptPlaces, are_kept, are_small, large_sources
from tests.rerank.policy.one_list import likeness, numbers
from tests.rerank.policy.one_list import order_of as order_under


def order_of(limit, count):
    return order_under(limit, count=count)


def angles(*degrees):
    radians = np.deg2rad(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def stories(degrees, most=1, *, days=3.0, published=None):
    """The order under a cap of stories, near being 60 degrees or less; times in days."""
    times = np.full((1, len(degrees)), np.nan) if published is None else np.array([published], np.float64) * DAY
    return order_of(EventCap(likeness(angles(*degrees)), times, most, similarity=0.4999, days=days), len(degrees))


def test_what_exceeds_a_cap_comes_after_in_order():
    assert order_of(Cap(numbers("aaabab"), 2), 6) == [0, 1, 3, 5, 2, 4]
    assert order_of(Cap(numbers("aaabab"), 1), 6) == [0, 3, 1, 2, 4, 5]


def test_a_list_of_one_category_is_as_long_as_before():
    assert order_of(Cap(numbers("aaaa"), 1), 4) == [0, 1, 2, 3]


def test_unknown_names_are_not_capped_together():
    assert order_of(Cap(numbers("..a.a"), 1), 5) == [0, 1, 2, 3, 4]
    assert order_of(Cap(numbers("..aa."), 1), 5) == [0, 1, 2, 4, 3]
    assert order_of(Cap(numbers("...."), 1), 4) == [0, 1, 2, 3]


def test_near_duplicates_collapse_to_the_best():
    assert stories([0, 10, 180, 20]) == [0, 2, 1, 3]


def test_two_of_a_story_may_be_asked_for():
    assert stories([0, 10, 20, 180], most=2) == [0, 1, 3, 2]


def test_a_chain_of_likeness_is_no_story():
    # 0 is near 50, and 50 near 100, but 0 is not near 100: 50 alone is held back.
    assert stories([0, 50, 100]) == [0, 2, 1]


def test_what_is_held_back_holds_nothing_back():
    # 50 is near 0 and not shown, so 105, which is near 50 alone, stays where it is.
    assert stories([0, 50, 105, 200]) == [0, 2, 3, 1]


def test_articles_far_apart_in_time_are_two_stories():
    assert stories([0, 0, 0], published=[0, 10, 2]) == [0, 1, 2]
    assert stories([0, 0, 0, 180], published=[0, 3, 3.1, 0]) == [0, 2, 3, 1]


def test_where_a_time_is_unknown_likeness_alone_decides():
    assert stories([0, 0, 180], published=[0, np.nan, 0]) == [0, 2, 1]


def test_an_article_without_a_direction_is_like_nothing():
    limit = EventCap(np.zeros((1, 3, 3), np.float32), np.full((1, 3), np.nan), 1, similarity=0.5, days=1)
    assert order_of(limit, 3) == [0, 1, 2]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, [0, 1, 2, 3, 4, 5]),
        (0.25, [0, 1, 2, 4, 3, 5]),
        (0.5, [0, 4, 1, 5, 2, 3]),
        (1.0, [4, 5, 0, 1, 2, 3]),
    ],
)
def test_the_floor_gives_its_share_of_every_first_places(share, expected):
    assert order_of(Floor(np.array([[0, 0, 0, 0, 1, 1]], bool), share), 6) == expected


def test_the_floor_asks_for_no_more_than_there_are_and_counts_what_is_there_anyway():
    assert order_of(Floor(np.zeros((1, 3), bool), 0.5), 3) == [0, 1, 2]
    assert order_of(Floor(np.array([[1, 0, 0, 1]], bool), 0.5), 4) == [0, 1, 2, 3]


def test_a_share_is_not_lost_to_rounding():
    items = np.arange(100) >= 71
    assert sum(items[order_of(Floor(items[None], 0.29), 100)][:100]) == 29
    tenth = items[order_of(Floor(items[None], 0.1), 100)]
    assert tenth[:10].sum() == 1 and tenth[9]


def test_with_a_share_of_a_tenth_every_tenth_place_is_kept():
    assert are_kept(25, 0.1).nonzero()[0].tolist() == [9, 19]
    assert are_kept(12, 0.2).nonzero()[0].tolist() == [4, 9]
    assert are_kept(4, 1.0).all() and not are_kept(10, 0.0).any() and are_kept(0, 0.5).tolist() == []


def test_a_kept_place_goes_to_the_best_favoured_item_left_whatever_stands_above():
    assert order_of(KeptPlaces(np.array([[0, 0, 0, 0, 1, 1]], bool), 0.5), 6) == [0, 4, 1, 5, 2, 3]
    assert order_of(KeptPlaces(np.array([[1, 0, 0, 1]], bool), 0.5), 4) == [0, 3, 1, 2]
    assert order_of(KeptPlaces(np.zeros((1, 3), bool), 0.5), 3) == [0, 1, 2]


def large(text):
    return large_sources(pa.chunked_array([[letter.replace(".", "") for letter in text]], pa.string()))


def test_the_large_sources_are_the_fewest_that_hold_half_of_the_articles():
    assert large("aaabbcde") == {"a", "b"}  # 3 of 8 are less than half, 5 are not
    assert large("aabbcc..........") == {"a", "b"}  # unknown ones do not count, and ties go by name
    assert large("aaaa") == {"a"} and large("...") == set()
    assert are_small(["a", "c", ""], {"a"}).tolist() == [False, True, False]
