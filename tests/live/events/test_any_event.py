"""Whatever comes from outside is taken or refused with a reason, and what is taken comes back from the store."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.live.events.checks import checked_event
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.kinds import KINDS
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow
from tests.support.events import NOW, bare_newsroom

LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(), st.text(max_size=20), st.binary(max_size=5)),
    *(st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.just("x" * 300), st.just("\ud800")),
    st.sampled_from(["N1", "N2", "p1", "e1", NOW, NOW.isoformat(), 1, 2, 0.5, "topic", *KINDS]),
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
GOOD = {
    **{"event_id": "e1", "user_id": "maya", "time": NOW, "page_id": "p1", "slot": 1, "news_id": "N1", "seconds": 2.0},
    **{"scroll": 0.5, "field": "topic", "value": "chess", "undoes": "e0", "shown": ["N1", "N2"], "seed": 7},
    **{"propensity": [0.5, 0.5], "conditional": [0.5, 1.0], "region": "north", "arm": "b", "edition": "2026"},
}
ROWS = st.builds(
    lambda kind, changes: {**GOOD, "kind": kind, **changes},
    st.sampled_from(list(KINDS)),
    st.dictionaries(st.sampled_from([*EVENTS.names, "other"]), ANYTHING, max_size=4),
)


@given(st.one_of(ROWS, ANYTHING))
@settings(max_examples=300)
def test_any_value_is_taken_or_refused_with_a_reason(row):
    try:
        event = checked_event(row, TimeReader(), datetime.now(UTC))
    except SkipRow as reason:
        assert str(reason)
    else:
        assert event.keys() <= set(EVENTS.names) and event["kind"] in KINDS


def test_numbers_beyond_all_bounds_are_refused_with_a_reason_in_every_field():
    for kind in ("page", "dwell", "scroll", "follow", "undo"):
        for name in EVENTS.names:
            for odd in (10**5000, Decimal("sNaN"), Decimal("1e999999999"), float("inf")):
                with suppress(SkipRow):
                    checked_event({**GOOD, "kind": kind, name: odd}, TimeReader(), NOW)


def test_what_is_taken_comes_back_from_the_store(tmp_path):
    log = EventLog(SqliteEvents(bare_newsroom(tmp_path / "newsroom")), KnownArticles(bare_newsroom(tmp_path / "other")))

    @given(st.lists(st.one_of(ROWS, ANYTHING), max_size=6))
    @settings(max_examples=60)
    def logs(rows):
        before = log._store.last()
        report = log(rows)
        assert report.taken.total() + report.refused.total() == len(rows)
        table = log._store.after(before)
        table.validate(full=True)
        assert table.num_rows == report.new and str(report) and report.to_dict()

    logs()
