import numpy as np
import pytest

from broadsheet.corpus.filters import Quota, Selection
from broadsheet.rerank.policy.filters import Least, Most, Pins, Wishes, read_first, wishes_of
from broadsheet.rerank.policy.policy import Items, Policy, arrange
from tests.rerank.policy.one_list import flags, likeness, numbers
from tests.rerank.policy.one_list import order_of as order_under


def order_of(*limits, boosts=0.0):
    return order_under(*limits, count=6, boosts=boosts)


def test_pinned_items_come_first_in_their_own_order():
    assert order_of(Pins(flags("..x..x"))) == [2, 5, 0, 1, 3, 4]
    assert order_of(Pins(flags("......"))) == [0, 1, 2, 3, 4, 5]


def test_more_than_the_most_come_after_all_others():
    assert order_of(Most(flags("xxx.x."), 2)) == [0, 1, 3, 5, 2, 4]


@pytest.mark.parametrize(
    "least, places, order",
    [
        (1, 3, [0, 1, 4, 2, 3, 5]),
        (2, 3, [0, 4, 5, 1, 2, 3]),
        (2, 6, [0, 1, 2, 3, 4, 5]),
        (3, 3, [0, 4, 5, 1, 2, 3]),
        (1, 1, [4, 0, 1, 2, 3, 5]),
        (0, 3, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_the_last_places_of_a_page_are_kept_for_the_fewest_of_a_kind(least, places, order):
    found = order_of(Least(flags("....xx"), least, places))
    assert found == order if least < 3 else sorted(found[:2]) == [4, 5]


def test_a_kind_that_came_by_itself_takes_no_further_place():
    assert order_of(Least(flags("x...xx"), 1, 3)) == [0, 1, 2, 3, 4, 5]


def test_a_boost_is_a_share_of_the_distance_from_the_worst_to_the_best():
    # The worths are 1.0, 0.8, 0.6 and so on, and the last one's is 0.7 instead of 0.
    assert order_of(boosts=np.array([0, 0, 0, 0, 0, 0.7])) == [0, 1, 5, 2, 3, 4]
    assert order_of(boosts=np.array([-2.0, 0, 0, 0, 0, 0])) == [1, 2, 3, 4, 5, 0]


def test_wishes_are_those_of_the_candidates_rows():
    boosts = np.array([0, 0, 5.0, 0])
    selection = Selection(flags("xxxx")[0], flags("...x")[0], boosts, [Quota(flags(".x..")[0], 1, 2)])
    wishes = wishes_of(selection, np.array([[3, 1, -1]]), 4)
    assert wishes.pinned.tolist() == [[True, False, False]] and wishes.boosts.tolist() == [[0, 0, 0]]
    assert wishes.places == 4 and wishes.quotas[0].articles.tolist() == [[False, True, False]]
    assert wishes.of(np.array([0])).pinned.tolist() == wishes.pinned.tolist()


def test_wishes_are_stronger_than_the_caps_of_the_newsroom():
    items = Items(
        np.array([[3.0, 2, 1]]),
        flags("xxx"),
        likeness([[1, 0], [1, 0.1], [0, 1]]),
        numbers("aab"),
        numbers("..."),
        np.full((1, 3), np.nan),
    )
    selection = Selection(flags("xxx")[0], flags("xx.")[0], np.zeros(3), [])
    order, _ = arrange(items, Policy(category=1), numbers(""), wishes_of(selection, np.array([[0, 1, 2]]), 3))
    assert order.tolist() == [[0, 1, 2]]
    assert arrange(items, Policy(category=1), numbers(""))[0].tolist() == [[0, 2, 1]]


def with_the_third_in_slot_3(policy, names="....", *, quotas=(), places=4):
    """The order of four items, of which the first and the third are alike and an editor set the third into slot 3."""
    alike = likeness([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]])
    copies = (alike > 0.9) & ~np.eye(4, dtype=bool)
    times, scores = np.zeros((1, 4)), np.array([[4.0, 3, 2, 1]])
    items = Items(scores, flags("xxxx"), alike, numbers(names), numbers(names), times, copies=copies)
    wishes = Wishes(flags("..x."), np.zeros((1, 4)), quotas, places, slots=np.array([[0, 0, 3, 0]]))
    return arrange(items, policy, numbers(""), wishes)[0].tolist()[0]


def test_of_an_event_the_article_in_an_editors_slot_is_the_pages_and_no_other_stands_above_it():
    event = {"story_similarity": 0.9, "story_days": 3}
    assert with_the_third_in_slot_3(Policy(story=1, **event)) == [1, 3, 2, 0]
    assert with_the_third_in_slot_3(Policy(story=2, **event)) == [0, 1, 2, 3], "two were asked for"
    assert with_the_third_in_slot_3(Policy(story=1, **event), places=2) == [0, 1, 2, 3], "the page ends above the slot"


def test_an_article_in_an_editors_slot_counts_for_every_limit_on_articles_that_are_alike():
    assert with_the_third_in_slot_3(Policy(once=True)) == [1, 3, 2, 0]
    assert with_the_third_in_slot_3(Policy(category=1), "abac") == [1, 3, 2, 0]
    assert with_the_third_in_slot_3(Policy(source=2), "aaab") == [0, 3, 2, 1]
    sponsored = [Quota(flags("x.x."), 0, 1)]
    assert with_the_third_in_slot_3(Policy(), quotas=sponsored) == [1, 3, 2, 0]


def test_what_is_read_leaves_room_for_a_page_within_the_most():
    selection = Selection(np.ones(8, np.bool_), np.zeros(8, np.bool_), np.zeros(8), [Quota(flags("xxxxx...")[0], 0, 1)])
    assert read_first(selection, range(8), 4, 3) == [0, 1, 5, 6, 7, 2, 3, 4], "of four, two paid and two for the page"
    assert read_first(selection, range(8), 8, 3) == list(range(8))
    assert read_first(selection, range(8), 2, 9) == [0, 5, 6, 7, 1, 2, 3, 4]
