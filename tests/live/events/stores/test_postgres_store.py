"""The store of several machines: broken connections, passwords, and tables that are gone."""

import json
import re
import traceback
from contextlib import closing

import psycopg
import pytest

from broadsheet.config.reading import read_config
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError, NewsroomError
from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.live.events.store import Appended, open_events, stores_to_carry
from broadsheet.live.events.stores.postgres_store import PostgresEvents
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.nightly.forgetting.events import clean_events
from broadsheet.readers.forget import forget
from broadsheet.readers.forgotten import ForgottenReaders
from tests.support.events import bare_newsroom, event, page


def click():
    return event("click", news_id="N1")


@pytest.fixture
def store(bare, database):
    found = PostgresEvents(bare, database)
    yield found
    found.close()


def execute(database, *statements):
    with psycopg.connect(database, autocommit=True) as connection:
        return [connection.execute(statement).statusmessage for statement in statements]


def test_the_setting_chooses_the_store_and_nothing_is_made_before_the_first_event(bare, database):
    store = open_events(bare, Config(events=database))
    assert isinstance(store, PostgresEvents) and store.last() == 0
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('broadsheet_events')").fetchone() == (None,)
    store.append([click()])
    assert not bare.events.exists() and open_events(bare, Config(events=database)).last() == 1


def test_where_the_setting_comes_to_name_a_database_no_event_before_it_is_lost(bare, store):
    own = SqliteEvents(bare)
    own.append([event("click", news_id="N1"), event("click", news_id="N2")])
    store.append([event("click", news_id="N3")])
    found = [stored.after(0).column("sequence").to_pylist() for stored in (own, store)]
    assert found == [[1, 2], [3]]
    assert [type(one) for one in stores_to_carry(bare, Config(events="postgresql://host/news"))] == [
        *(SqliteEvents, PostgresEvents)
    ]
    assert [type(one) for one in stores_to_carry(bare, Config())] == [SqliteEvents]


def test_machines_share_one_order_of_events(bare, database, tmp_path):
    stores = [PostgresEvents(bare_newsroom(tmp_path / name), database) for name in ("a", "b")]
    first = click()
    assert [store.append([first, click()]) for store in stores] == [Appended(2, 0), Appended(1, 1)]
    assert stores[0].after(0).column("sequence").to_pylist() == [1, 2, 3] and stores[0].last() == 3


def test_a_writer_waits_for_the_numbers_that_another_has_not_committed(store, database):
    store.append([click()])
    with psycopg.connect(database) as other:
        other.execute("SELECT last FROM broadsheet_numbers FOR UPDATE")
        store._writer.run(lambda cursor: cursor.execute("SET lock_timeout = '50ms'"))
        with pytest.raises(NewsroomError, match=r"the event store failed \(.*lock timeout"):
            store.append([click()])
    assert store.append([click()]) == Appended(1, 0) and store.last() == 2


def test_a_connection_that_broke_is_opened_again_and_no_event_is_lost_or_doubled(store, database):
    store.append([click()])
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'broadsheet'"
    execute(database, kill)
    assert store.append([click()]) == Appended(1, 0)
    execute(database, kill)
    assert store.after(0).num_rows == 2


def test_a_commit_waits_for_the_disk_also_where_the_server_is_set_not_to(store, database):
    def setting(cursor):
        return cursor.execute("SHOW synchronous_commit").fetchone()

    execute(database, "ALTER ROLE broadsheet SET synchronous_commit = off")
    try:
        assert store._writer.run(setting) == ("on",)
    finally:
        execute(database, "ALTER ROLE broadsheet RESET synchronous_commit")


def test_tables_that_are_gone_are_not_taken_for_no_events(bare, store, database):
    store.append([click()])
    execute(database, "DROP TABLE broadsheet_events, broadsheet_numbers")
    again = PostgresEvents(bare, database)
    for call in (again.last, lambda: again.append([click()])):
        with pytest.raises(NewsroomError, match=r"the event store of this newsroom is gone.*notes/events-postgresql"):
            call()
    (bare.notes / "events-postgresql").unlink()
    assert again.append([click()]) == Appended(1, 0)


def test_tables_of_another_version_are_refused(bare, store, database):
    store.append([click()])
    execute(database, "UPDATE broadsheet_numbers SET version = 3")
    with pytest.raises(NewsroomError, match=r"PostgreSQL database postgres on .*: found version 3 .*, expected 2"):
        PostgresEvents(bare, database).last()


def test_tables_of_version_1_get_the_column_that_came_since_and_keep_their_events(bare, store, database):
    store.append([click()])
    execute(database, "ALTER TABLE broadsheet_events DROP COLUMN explored")
    execute(database, "UPDATE broadsheet_numbers SET version = 1")
    again = PostgresEvents(bare, database)
    assert again.append([click(), page("p1", explored=2)]) == Appended(2, 0)
    *before, last = again.after(0).column("explored").to_pylist()
    assert last == 2 and before == [None] * (again.last() - 1)


SECRET = "s3cr3t"
ADDRESSES = [
    f"postgresql://ann:{SECRET}@127.0.0.1:1/news",
    f"postgresql://ann:{SECRET}/x@127.0.0.1/news",
    f"postgresql://ann:x@{SECRET}@127.0.0.1/news",
    f"postgresql://ann:%{SECRET}@127.0.0.1/news",
    f"postgresql://ann@127.0.0.1:1/news?password={SECRET}&wrong={SECRET}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_password_is_in_no_error(bare, address):
    with pytest.raises((ConfigError, NewsroomError)) as failed:
        open_events(bare, Config(events=address)).append([click()])
    assert SECRET not in "".join(traceback.format_exception(failed.value))
    assert SECRET not in repr(Config(events=address))


def test_a_wrong_setting_is_told_without_its_password(tmp_path):
    file = tmp_path / "broadsheet.toml"
    file.write_text(f'events = "mysql://ann:{SECRET}@host/news"\n')
    told = re.escape('events: found \'mysql:…@host/news\', expected "" or an address such as "postgresql://')
    with pytest.raises(ConfigError, match=told) as failed:
        read_config(file)
    assert SECRET not in str(failed.value)


def test_a_build_blanks_in_the_database_what_forgotten_readers_did_and_a_scan_finds_nothing(bare, database):
    bare.config_file.write_text(f"events = {json.dumps(database)}\n", "utf-8")
    history = ["N3", "N1", "N2"]
    with closing(PostgresEvents(bare, database)) as store:
        store.append(
            [
                page("p1", "forgetful-reader", shown=history),
                event("click", "forgetful-reader", page_id="p1", news_id="N1"),
            ]
        )
        store.append([event("click", "tom", news_id="N2")])
        found = scan(bare, "forgetful-reader", history)
        assert (
            {one.what for one in found} == {"id", "history"} == {one.what for one in found if one.place == store.name}
        )
        forget(bare, "forgetful-reader")
        assert len(store.of_readers(["forgetful-reader"])) == 0 and len(store.after(0)) == 3
        forgotten = ForgottenReaders(bare)()
        assert clean_events(bare, forgotten.among) == 2
        assert scan(bare, "forgetful-reader", history) == []
        assert store.user_ids() == ["tom"] and store.problems() == []
