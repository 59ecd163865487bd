"""Event stores, and the log of events."""

import sqlite3

import pytest

from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.sqlite_store import SqliteEvents

NINE_DAYS = 9 * 86_400 * 10**6


@pytest.fixture(params=["sqlite"])
def store(request, bare):
    """Each kind of event store, empty."""
    found = SqliteEvents(bare)
    yield found
    found.close()


@pytest.fixture
def age():
    """Has the first events of a store be received nine days earlier, as a store alone cannot do."""

    def earlier(store, up_to):
        with sqlite3.connect(store.path) as database:
            database.execute("UPDATE events SET received = received - ? WHERE sequence <= ?", (NINE_DAYS, up_to))
        database.close()

    return earlier


@pytest.fixture
def log(bare):
    """The log of a newsroom over its SQLite store."""
    return EventLog(SqliteEvents(bare), KnownArticles(bare))
