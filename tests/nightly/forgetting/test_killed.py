"""A forgetting that is killed before any of its steps: not made, or ended by the next build."""

import signal

from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.night import begin_forgetting, end_forgetting
from broadsheet.nightly.verify import verify_edition
from broadsheet.progress import silent
from broadsheet.readers.forget import forget
from broadsheet.readers.forgotten import BEGUN, HIDDEN, ForgottenReaders
from tests.nightly.forgetting.conftest import READER, check_gone, copy_of, state_of
from tests.support.forks import start_forks
from tests.support.killing import kill_at

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
