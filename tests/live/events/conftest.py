"""Event stores, and the log of events."""

import sqlite3
from contextlib import ExitStack, closing
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


def change(store, statement):
    """Do in the database what a store alone does not do."""
    if isinstance(store, SqliteEvents):
        with closing(sqlite3.connect(store.path)) as database, database:
            database.execute(statement.replace("broadsheet_events", "events"))
    else:
        store._writer.run(lambda database: database.execute(statement))


@pytest.fixture
def age():
    """Has the first events of a store be received nine days earlier."""
    update = f"UPDATE broadsheet_events SET received = received - {NINE_DAYS} WHERE sequence <= "
    return lambda store, up_to: change(store, f"{update}{up_to}")


@pytest.fixture
def without():
    """Takes an event out of a store, as damage would."""
    return lambda store, sequence: change(store, f"DELETE FROM broadsheet_events WHERE sequence = {sequence}")


@pytest.fixture
def log(bare):
    """The log of a newsroom over its SQLite store."""
    return EventLog(SqliteEvents(bare), KnownArticles(bare))
