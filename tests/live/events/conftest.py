"""Event stores, and the log of events."""

import sqlite3
from contextlib import ExitStack
from itertools import count

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.systems.postgres_server import address_of, postgresql_server
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents

NINE_DAYS = 9 * 86_400 * 10**6
_schemas = count(1)


@pytest.fixture(scope="session")
def server():
    """The socket of a PostgreSQL server."""
    with ExitStack() as running:
        try:
            folder = running.enter_context(postgresql_server(sync=False))
        except InputError as error:
            pytest.skip(str(error))
        yield folder


@pytest.fixture
def database(server):
    """The address of an empty schema of that server."""
    import psycopg

    schema = f"s{next(_schemas)}"
    with psycopg.connect(address_of(server), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return address_of(server, schema)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, bare):
    """Each kind of event store, empty."""
    if request.param == "sqlite":
        found = SqliteEvents(bare)
    else:
        from broadsheet.live.events.stores.postgres_store import PostgresEvents

        found = PostgresEvents(bare, request.getfixturevalue("database"))
    yield found
    found.close()


@pytest.fixture
def age(request):
    """Has the first events of a store be received nine days earlier, as a store alone cannot do."""

    def earlier(store, up_to):
        if isinstance(store, SqliteEvents):
            with sqlite3.connect(store.path) as database:
                database.execute("UPDATE events SET received = received - ? WHERE sequence <= ?", (NINE_DAYS, up_to))
            database.close()
        else:
            update = "UPDATE broadsheet_events SET received = received - %s WHERE sequence <= %s"
            store._writer.run(lambda database: database.execute(update, (NINE_DAYS, up_to)))

    return earlier


@pytest.fixture
def log(bare):
    """The log of a newsroom over its SQLite store."""
    return EventLog(SqliteEvents(bare), KnownArticles(bare))
