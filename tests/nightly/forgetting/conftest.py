"""A newsroom in which every table and file names a reader, who is then to be forgotten."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.importers.transaction import Import
from broadsheet.live.events.archive import archive_of
from broadsheet.live.events.soundness import verify_events
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_edition, verify_newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.readers.forgotten import GONE
from broadsheet.readers.mutes import mute
from broadsheet.readers.profiles import set_profile
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.live_schemas import FORGOTTEN as TABLE
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS
from tests.support.tiny import START, make_impressions, make_newsroom

READER = "reader-with-a-name-of-her-own"
HISTORY = ["N0", "N12", "N3", "N21", "N6"]
LATER = START + timedelta(hours=60)


def act(kind, number, **fields):
    time = LATER + timedelta(minutes=number)
    return {"event_id": f"act-{number}", "kind": kind, "user_id": READER, "time": time, **fields}


def fill(room):
    """Put the reader into every table and file that can name a reader."""
    with Import(room) as add:
        add.users([{"user_id": READER, "history": HISTORY, "profile": "football cup", "hidden": ["N9"]}])
        add.clicks(
            [
                {"user_id": user, "news_id": f"N{number}", "time": START + timedelta(hours=57, minutes=number)}
                for user, numbers in ((READER, [15, 18, 24]), ("a", [0, 12, 15]), ("b", [3, 15, 18]))
                for number in numbers
            ]
        )
        shown = {"impression_id": "1000", "user_id": READER, "history": HISTORY, "shown": ["N1", "N27"]}
        add.impressions("train", [*make_impressions(5), {**make_impressions(1)[0], **shown, "clicked": [True, False]}])
    mute(room, READER, sources=["Paper 1"])
    set_profile(room, READER, "the football of Quedlinburg")


def log(room, *events):
    return Pipeline.open(room).log(list(events))


@pytest.fixture(scope="module")
def full(tmp_path_factory, encoder):
    """A newsroom with two editions that were built for the reader, with events in the store and in the archive."""
    room = make_newsroom(tmp_path_factory.mktemp("full") / "newsroom", encoder)
    fill(room)
    build(room, "all")
    taken = log(
        room,
        act("page", 0, page_id="page-of-hers", shown=["N1", "N2", "N3"]),
        act("click", 1, page_id="page-of-hers", slot=2),
        act("view", 2, page_id="page-of-hers", slot=3) | {"user_id": ""},
        act("follow", 3, field="topic", value="chess"),
        act("save", 4, news_id="N4"),
        act("click", 5, news_id="N5") | {"user_id": "a"},
    )
    assert taken.new == 6
    build(room, "all")
    archived = [{**dict.fromkeys(EVENTS.names), **one} for one in (act("page", 0, page_id="old", shown=HISTORY),)]
    archived[0] |= {"sequence": 1, "received": LATER}
    write_table(archive_of(room, LATER.date()), from_rows(archived, EVENTS), EVENTS)
    folder = room.path / "service"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "state.sqlite")) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE audit (at INTEGER, who TEXT, what TEXT)")
        database.execute("CREATE TABLE saved (user_id TEXT, news_id TEXT)")
        database.execute("CREATE TABLE idempotency (key TEXT, made INTEGER, body BLOB)")
        database.execute("INSERT INTO audit VALUES (1, 'editor', ?)", (f'{{"previewed": "{READER}"}}',))
        database.execute("INSERT INTO audit VALUES (1, 'editor', ?)", (f"a page of {READER}, as they see it",))
        database.execute("INSERT INTO saved VALUES (?, 'N1'), ('a', 'N2')", (READER,))
        database.execute("INSERT INTO idempotency VALUES ('k', 5, ?)", (READER.encode(),))
    return room


def copy_of(room, folder):
    return Newsroom(shutil.copytree(room.path, folder, symlinks=True))


@pytest.fixture
def room(full, tmp_path):
    return copy_of(full, tmp_path / "room")


def places(room):
    return {place for place, _ in scan(room, READER, HISTORY)}


def state_of(room):
    return read_table(room.path / "readers" / "forgotten.arrow", TABLE)["state"].to_pylist()


def check_gone(room):
    """Nothing of the reader is left, and all the rest is sound."""
    assert places(room) == set()
    assert state_of(room) == [GONE]
    assert [verify_edition(edition) for edition in room.editions()] == [[]] * len(room.editions())
    assert verify_newsroom(room) == [] and verify_events(room) == []
    assert read_table(room.users, USERS)["user_id"].to_pylist() == ["fan", "voter", "asker", "nobody"]
    assert {row["user_id"] for row in read_table(room.clicks, CLICKS).to_pylist()} == {"a", "b"}
    assert len(read_table(room.impressions("train"), IMPRESSIONS)) == 5
    with closing(sqlite3.connect(room.path / "service" / "state.sqlite")) as database:
        assert database.execute("SELECT * FROM saved").fetchall() == [("a", "N2")]
        assert [row[0] for row in database.execute("SELECT what FROM audit")] == [
            '{"previewed": "a forgotten reader"}',
            "a page of a forgotten reader, as they see it",
        ]
