"""An order: its bounds, and the times at which it begins and ends."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from broadsheet.orders.in_force import in_force
from broadsheet.orders.order import Bury, Embargo, Order
from tests.orders.conftest import pin

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "what",
    [
        {"kind": "pin", "news_id": "N1", "slot": 0},
        {"kind": "pin", "news_id": "", "slot": 1},
        {"kind": "pin", "news_id": "N1", "slot": 101},
        {"kind": "pin", "news_id": "N1", "where": 1},
        {"kind": "bury", "news_id": "N\u202e1"},
        {"kind": "boost", "column": "tags", "value": "x", "lift": 2.1},
        {"kind": "boost", "column": "tags", "value": "x", "lift": float("nan")},
        {"kind": "cap", "column": "tags", "value": "x", "most": 0},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "no", "headline": "A"},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "0" * 16, "headline": "A" * 301},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "0" * 16, "headline": "A\nB"},
        {"kind": "knobs", "diversity": 1.5},
        {"kind": "shout"},
    ],
)
def test_an_order_out_of_bounds_is_refused(what):
    with pytest.raises(ValidationError):
        Order(what=what)


def test_an_order_that_ends_before_it_begins_or_has_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="not after starts"):
        pin("N1", starts=NOW, ends=NOW)
    with pytest.raises(ValidationError):
        pin("N1", starts=datetime(2026, 1, 1))
    for far in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(ValidationError, match="from 1970 to 2200"):
            pin("N1", starts=far)


def test_an_embargo_has_no_time_but_its_own():
    embargo = Embargo(news_id="N1", until=NOW)
    assert Order(what=embargo).what.until == NOW
    for times in ({"starts": NOW}, {"ends": NOW}):
        with pytest.raises(ValidationError, match="an embargo ends at its until"):
            Order(what=embargo, **times)


def test_orders_begin_and_end_at_their_times_to_the_moment():
    orders = [pin("N1", starts=NOW, ends=NOW + HOUR), Order(what=Bury(news_id="N2"), ends=NOW)]
    just_before = in_force(orders, NOW - timedelta(microseconds=1))
    assert not just_before.slots and just_before.buried == ["N2"] and just_before.until == NOW
    during = in_force(orders, NOW)
    assert [*during.slots] == ["N1"] and not during.buried and (during.since, during.until) == (NOW, NOW + HOUR)
    assert in_force(orders, NOW + HOUR).is_empty
