"""A forgotten reader: unknown to the next request, and in no file of the newsroom after the next build."""

import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.importers.transaction import Import
from broadsheet.live.events.archive import archive_of
from broadsheet.live.events.event_log import FORGOTTEN
from broadsheet.live.events.soundness import verify_events
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.forgetting.night import begin_forgetting, end_forgetting
from broadsheet.nightly.verify import verify_edition, verify_newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.progress import silent
from broadsheet.readers.forget import forget
from broadsheet.readers.forgotten import BEGUN, GONE, HIDDEN, ForgottenReaders
from broadsheet.readers.mutes import mute, open_mutes
from broadsheet.readers.profiles import set_profile
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.live_schemas import FORGOTTEN as TABLE
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS
from tests.support.forks import start_forks
from tests.support.killing import kill_at
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


def test_the_scan_finds_the_reader_in_every_file_that_names_readers(full):
    edition = full.current()
    names = ["users", "user_vectors", "candidates", "ranked", "stories", "clicks"]
    expected = {f"editions/{edition.name}/{name}.arrow" for name in names}
    expected |= {"corpus/users.arrow", "corpus/clicks.arrow", "corpus/impressions-train.arrow"}
    expected |= {"readers/mutes.arrow", "readers/follows.arrow", "readers/profiles.arrow"}
    expected |= {"service/state.sqlite", f"events/{LATER.date()}.arrow"}
    assert expected <= places(full) and any(place.startswith("events/events.sqlite") for place in places(full))
    assert {what for _, what in scan(full, READER, HISTORY)} == {"id", "history"}


def test_a_forgotten_reader_is_unknown_to_the_next_request_of_a_process_that_is_open(room):
    pipeline = Pipeline.open(room)
    assert pipeline.run(READER, 5).kind == "known" and pipeline.readers([READER])[0].has_mutes
    forgetting = forget(room, READER)
    page, nobody = pipeline.run(READER, 20), pipeline.run("somebody-whom-nobody-knows", 20)
    assert page.kind == "new" and page.stories.drop_columns([]).equals(nobody.stories)
    assert READER not in pipeline.bench.data.readers.audience and state_of(room) == [HIDDEN]
    refused = pipeline.log(
        [act("click", 9, news_id="N7"), act("view", 10, page_id="page-of-hers", slot=1) | {"user_id": ""}]
    )
    assert refused.new == 0 and refused.refused[FORGOTTEN] == 1 and refused.refused["unknown page"] == 1
    assert forgetting.models == [] and "No trained model" in forgetting.line()
    assert pipeline.run("fan", 5).kind == "known"


def test_after_the_next_build_nothing_of_the_reader_is_in_any_file(room):
    before = room.editions()
    forget(room, READER)
    assert places(room)  # hidden, and still in files
    said = []
    build(room, "all", said.append)
    check_gone(room)
    assert len(room.editions()) == 3 and not {one.name for one in before} & {one.name for one in room.editions()}
    assert sum("taken out of edition" in line for line in said) == 2
    build(room, "all")
    check_gone(room)


def test_an_act_after_the_forgetting_is_that_of_a_new_reader_whom_the_next_build_keeps(room):
    forget(room, READER)
    now = {"time": datetime.now(UTC) + timedelta(seconds=1)}
    pipeline = Pipeline.open(room)
    muted = act("mute", 21, field="source", value="Paper 2") | now
    assert pipeline.log([act("click", 20, news_id="N8") | now, muted]).new == 2
    assert list(pipeline.readers([READER])[0].user["history"]) == ["N8"]
    build(room, "all")
    (state,) = Pipeline.open(room).readers([READER])
    assert list(state.user["history"]) == ["N8"] and state.muted_sources == ("Paper 2",)
    assert [one for one in scan(room, READER, HISTORY) if one.what == "history"] == []
    assert open_mutes(room.mutes)().of(READER) == ([], ["Paper 2"]) and state_of(room) == [GONE]


def test_an_old_file_does_not_bring_the_history_back(room):
    forget(room, READER)
    build(room, "all")
    late = datetime.now(UTC) + timedelta(seconds=1)
    of_hers = {"user_id": READER, "shown": ["N1"], "history": HISTORY}
    with Import(room) as add:
        add.users([{"user_id": READER, "history": HISTORY}, {"user_id": "fan", "history": ["N0"]}])
        add.clicks([{"user_id": READER, "news_id": "N1", "time": START}])
        add.clicks([{"user_id": READER, "news_id": "N2", "time": late}])
        add.impressions("old", [of_hers | {"impression_id": "x", "time": START}])
        add.impressions("old", [of_hers | {"impression_id": "y", "time": late}])
    skipped = {key: count for key, count in add.report.skipped.items() if "forgotten" in key}
    assert sorted(skipped.values()) == [1, 1, 1]
    rows = read_table(room.impressions("old"), IMPRESSIONS).to_pylist()
    assert [(row["impression_id"], row["history"]) for row in rows] == [("y", [])]
    assert set(Pipeline.open(room).readers([READER])[0].user["history"]) <= {"N2"}
    assert [one for one in scan(room, READER, HISTORY) if one.what == "history"] == []


def test_a_current_edition_that_the_gate_keeps_is_rewritten_and_stays_current(room):
    forget(room, READER)
    text = room.config_file.read_text("utf-8")
    room.config_file.write_text(text + "[gate]\nmax_fewer = 0.0\nmin_recall = 1.0\n", "utf-8")
    current = room.current().name
    with pytest.raises(Exception, match="kept and not published"):
        build(room, ["fan"])
    check_gone(room)
    assert room.current().name == f"{current}-2" and Pipeline.open(room).run("fan", 3).edition == room.current().name


STEPS = ("os.rename", "os.symlink", "sqlite3.connect")


def forget_until(path, number):
    kill_at(number, STEPS)
    forget(Newsroom(path), READER)


def end_until(path, number):
    """Do what a build does to end a forgetting, without the new edition."""
    kill_at(number, STEPS)
    end(Newsroom(path))


def end(room):
    with room.lock():
        end_forgetting(room, begin_forgetting(room, silent), silent)


def was_killed(task, path, number):
    """Run a task that dies by SIGKILL before a step; returns whether the task came to that step."""
    process = start_forks().Process(target=task, args=(path, number))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def test_a_call_killed_before_any_step_was_not_made_or_is_ended_by_the_next_build(full, tmp_path):
    number, states = 1, []
    while was_killed(forget_until, (room := copy_of(full, tmp_path / f"{number}")).path, number):
        there = (room.path / "readers" / "forgotten.arrow").is_file()
        states += state_of(room) if there else ["not made"]
        assert (ForgottenReaders(room)().until(READER) is not None) == there
        if there and BEGUN not in states[:-1]:
            end(room)
            check_gone(room)
        number += 1
    assert {"not made", BEGUN} <= set(states) <= {"not made", BEGUN, HIDDEN} and state_of(room) == [HIDDEN]


def test_the_end_of_a_forgetting_killed_before_a_step_is_made_again_by_the_next_build(full, tmp_path):
    hidden = copy_of(full, tmp_path / "hidden")
    forget(hidden, READER)
    number = 1
    while was_killed(end_until, (room := copy_of(hidden, tmp_path / f"{number}")).path, number):
        assert state_of(room) == [HIDDEN] and len(room.editions()) >= 2
        assert room.current().is_published() and verify_edition(room.current()) == []
        end(room)
        check_gone(room)
        assert len(room.editions()) == 2
        number += 3
    check_gone(room)
    assert number > 20  # tables, archive, databases, two editions with their links
