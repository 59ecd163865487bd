"""What `broadsheet verify` finds in the events of readers."""

import os

import pytest

from broadsheet.live.events.soundness import verify_events
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.event_schemas import EVENTS
from tests.support.events import event


@pytest.fixture
def store(bare):
    found = SqliteEvents(bare)
    found.append([event("click", news_id=f"N{number}") for number in range(2000)])
    found.close()
    return found


def test_a_newsroom_without_events_and_a_sound_store_have_no_problem(bare, store):
    assert verify_events(bare) == []


def test_damage_inside_the_file_is_told(bare, store):
    size = store.path.stat().st_size
    with store.path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))
    assert all(problem.startswith(f"{store.path}: ") for problem in verify_events(bare)) and verify_events(bare)


def test_a_store_that_is_gone_and_a_damaged_file_of_the_archive_are_told(bare, store):
    store.path.unlink()
    day = bare.events / "2026-11-01.arrow"
    write_table(day, EVENTS.empty_table(), EVENTS)
    assert ["is gone" in problem for problem in verify_events(bare)] == [True]
    day.write_bytes(day.read_bytes()[:-1] + b"x")
    gone, damaged = verify_events(bare)
    assert "is gone" in gone and damaged.startswith(f"{day}: not a whole Arrow IPC file")


def test_a_setting_that_cannot_be_read_is_told(bare):
    bare.config_file.write_text('events = "mysql://host/news"')
    (problem,) = verify_events(bare)
    assert "events: found 'mysql://host/news'" in problem
