"""What readers did comes into the corpus once, wherever the night falls and whatever is killed."""

from datetime import timedelta

import pytest

from broadsheet.importers.transaction import Import
from broadsheet.live.events.event_log import EventLog, given_events
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.nightly import carry_events as module
from broadsheet.nightly.build import build
from broadsheet.nightly.carry_events import Carried, carry_events
from broadsheet.pipeline import Pipeline
from broadsheet.readers.follows import open_follows
from broadsheet.readers.mutes import open_mutes
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS
from tests.live.test_in_force import LATER, act, signals
from tests.support.late_articles import everything, ids

DAY = f"live-{LATER:%Y-%m-%d}"


@pytest.fixture
def log(room):
    log = EventLog(SqliteEvents(room), KnownArticles(room), is_archive=True)
    return lambda events: log(given_events(events))


def carry(room):
    with room.lock():
        return carry_events(room, SqliteEvents(room))


def clicks(room, user_id="fan"):
    rows = [row for row in read_table(room.clicks, CLICKS).to_pylist() if row["user_id"] == user_id]
    return [(row["event"], row["news_id"], row["dwell_seconds"]) for row in rows if row["time"] >= LATER]


def impressions(room):
    columns = ("impression_id", "history", "shown", "clicked", "propensity")
    return [tuple(row[name] for name in columns) for row in read_table(room.impressions(DAY), IMPRESSIONS).to_pylist()]


def test_a_newsroom_without_events_is_left_as_it_was(room):
    before = room.clicks.stat().st_mtime_ns
    assert carry(room) == Carried(0, 0, 0, 0) and carry(room).line == "" and room.clicks.stat().st_mtime_ns == before


def test_clicks_pages_follows_and_mutes_come_into_the_corpus_once(room, log):
    log(act("page", 0, user_id="fan", page_id="p", shown=["N1", "N2", "N3"], propensity=[0.5, 0.25, 1.0]))
    log(act("page", 1, user_id="", page_id="q", shown=["N1"]))
    log([act("click", 2, "N2", "fan", 1, page_id="p", slot=2), act("dwell", 3, "N2", "fan", 2, seconds=30.0)])
    log([act("hide", 4, "N9", "fan", 3), act("follow", 5, user_id="fan", field="topic", value="chess")])
    log(act("mute", 6, user_id="eve", field="category", value="sports"))
    carried = carry(room)
    assert carried == Carried(7, 2, 1, 2, 1) and carry(room) == Carried(0, 0, 0, 0)
    assert carried.line.endswith("readers follow or mute; pages of unknown readers, which are in no impressions: 1")
    assert clicks(room) == [("click", "N2", 30.0), ("hide", "N9", None)]
    assert impressions(room) == [
        ("p", ["N0", "N3", "N12"], ["N1", "N2", "N3"], [False, True, False], [0.5, 0.25, 1.0]),
    ]
    assert open_follows(room.follows)().of("fan") == ["chess"]
    assert open_mutes(room.mutes)().of("eve") == (["sports"], [])


def test_what_unknown_readers_click_is_counted_and_is_nobodys_history(room, log):
    log([act("click", number, "N44", "") for number in range(8)])
    here = Pipeline.open(room.path)
    before = signals(here, "popularity")
    assert before["N44"] == 1, "it is read most"
    build(room, "active")
    there = Pipeline.open(room.path)
    assert signals(there, "popularity") == before and "" not in there.bench.data.readers.audience
    assert "" not in read_table(room.current().users, USERS).column("user_id").to_pylist()


def test_what_the_next_day_changes_is_changed_and_stands_once(room, log):
    log(act("page", 0, user_id="fan", page_id="p", shown=["N1", "N2", "N3"]))
    log([act("click", 1, "N1", "fan", 1, page_id="p", slot=1), act("click", 2, "N7", "fan", 2)])
    carry(room)
    log([act("dwell", 3, "N1", "fan", 5, seconds=8.0), act("undo", 4, user_id="fan", minutes=6, undoes="e2")])
    log(act("click", 5, "N3", "fan", 7, page_id="p", slot=3))
    assert carry(room) == Carried(3, 2, 1, 0)
    assert clicks(room) == [("click", "N1", 8.0), ("click", "N3", None)]
    assert impressions(room) == [("p", ["N0", "N3", "N12"], ["N1", "N2", "N3"], [True, False, True], None)]


def test_where_a_page_told_what_came_in_sight_only_that_was_shown(room, log):
    log(act("page", 0, user_id="fan", page_id="p", shown=["N1", "N2", "N3"], propensity=[0.5, 0.25, 1.0]))
    log([act("view", 1, user_id="fan", page_id="p", slot=1), act("click", 2, "N3", "fan", 1, page_id="p", slot=3)])
    carry(room)
    assert impressions(room) == [("p", ["N0", "N3", "N12"], ["N1", "N3"], [False, True], [0.5, 1.0])]


@pytest.mark.parametrize("step", ["write_table", "fill_histories", "keep_opinions", "os.replace", "sync_folder"])
def test_a_carrying_that_was_killed_begins_anew_and_comes_to_the_same(room, log, step, monkeypatch):
    log(act("page", 0, user_id="fan", page_id="p", shown=["N1", "N2"]))
    log(
        [
            act("click", 1, "N2", "fan", 1, page_id="p", slot=2),
            act("follow", 2, user_id="fan", field="topic", value="go"),
        ]
    )

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"broadsheet.nightly.carry_events.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            carry(room)
    carry(room)
    assert clicks(room) == [("click", "N2", None)] and len(impressions(room)) == 1
    assert open_follows(room.follows)().of("fan") == ["go"]


def test_an_import_in_between_keeps_account_of_the_events_that_are_in(room, log):
    log(act("click", 1, "N2", "fan"))
    carry(room)
    with Import(room) as add:
        add.clicks([{"user_id": "fan", "news_id": "N4", "time": LATER + timedelta(hours=1)}])
    assert carry(room) == Carried(0, 0, 0, 0) and [one for _, one, _ in clicks(room)] == ["N2", "N4"]


def test_the_next_edition_counts_what_was_in_force_before_it(room):
    before = Pipeline.open(room.path)
    shown = ids(before.run("fan", 4))
    before.log(act("page", 0, user_id="fan", page_id="p", shown=shown, propensity=[0.5] * 4))
    before.log([act("click", 1, shown[1], "fan", 1, page_id="p", slot=2), act("hide", 2, shown[3], "fan", 2)])
    before.log([act("click", 3, "N44", "new", 3), act("mute", 4, user_id="new", field="category", value="sports")])
    said = []
    build(room, "all", said.append)
    assert any(line.startswith("events: 5 events were taken into the corpus") for line in said)
    after = Pipeline.open(room.path)
    for reader in ("fan", "new", "nobody"):
        old, new = everything(before, reader), everything(after, reader)
        assert ids(old) == ids(new) and old.as_of == new.as_of
        for name in ("popularity", "click_rate", "trend", "unseen"):
            values = [[row[name] for row in page.stories["signals"].to_pylist()] for page in (old, new)]
            assert values[0] == pytest.approx(values[1], nan_ok=True), name
    after.log(act("click", 5, "N45", "new", 9))
    assert ids(everything(before, "new")) == ids(everything(after, "new")), "an event after the night counts once"
    assert module.SPLIT.format(LATER) == DAY
