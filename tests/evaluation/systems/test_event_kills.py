"""What the check of kills would say of a store that loses or doubles events."""

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.evaluation.systems.event_kills import Ledger, Seen
from broadsheet.evaluation.systems.event_traffic import EVENTS, make_newsroom, requests
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from tests.support.events import event


@pytest.fixture
def store(tmp_path):
    return SqliteEvents(make_newsroom(tmp_path / "newsroom"))


def test_a_call_that_was_cut_short_may_be_there_or_not(store):
    ledger, seen = Ledger(), Seen()
    first, second = event("click", news_id="N1"), event("click", news_id="N2")
    ledger.hear(("begin", 1, [first["event_id"]]))
    ledger.hear(("begin", 2, [second["event_id"]]))
    store.append([first])
    ledger.hear(("done", 1, 1, {}))
    seen.read(store, ledger, "kill 1")
    assert (seen.last, ledger.calls, list(ledger.begun)) == (1, 1, [2])


def test_an_acknowledged_event_that_is_not_there_is_told(store):
    ledger = Ledger()
    ledger.hear(("begin", 1, ["gone"]))
    ledger.hear(("done", 1, 1, {}))
    with pytest.raises(NewsroomError, match=r"after kill 1: 1 acknowledged events are lost, such as .'gone'"):
        Seen().read(store, ledger, "kill 1")


def test_an_event_that_is_there_twice_and_a_gap_are_told(store):
    seen = Seen()
    store.append([event("click", news_id="N1"), event("click", news_id="N2")])
    seen.ids.add(store.after(0).column("event_id")[1].as_py())
    with pytest.raises(NewsroomError, match=r"twice there: \['e\d+'\]; numbers with a gap: False"):
        seen.read(store, Ledger(), "kill 1")
    with store._writer() as database:
        database.execute("UPDATE events SET sequence = 9 WHERE sequence = 2")
    with pytest.raises(NewsroomError, match=r"twice there: \[\]; numbers with a gap: True"):
        Seen().read(store, Ledger(), "kill 1")


def test_a_good_event_that_was_refused_is_told():
    ledger = Ledger()
    ledger.hear(("begin", 7, ["a", "b"]))
    with pytest.raises(NewsroomError, match=r"call 7: 1 of 2 events were taken, refused: .*unknown page"):
        ledger.hear(("done", 7, 1, {"unknown page": 1}))


def test_every_event_of_the_made_up_traffic_is_taken(store, tmp_path):
    log = EventLog(store, KnownArticles(make_newsroom(tmp_path / "newsroom")))
    events = next(requests(3))
    assert len(events) == EVENTS and log(events).new == EVENTS
    again = [one | {"time": ""} for one in next(requests(3))]
    assert again == [one | {"time": ""} for one in events]  # a call that is sent again has the same ids
