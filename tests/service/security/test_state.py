"""The service's own database: private, whole after a failure, and one sentence if it is damaged."""

import gc
import sqlite3
import stat
import threading

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.service.security.secret import read_secret
from broadsheet.service.serving.state import STEPS, State

INSERT = "INSERT INTO entered VALUES (?, 1)"


@pytest.fixture
def state(room):
    state = State(room)
    yield state
    state.close()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_the_folder_the_database_and_the_secret(state, room):
    read_secret(room)
    with state.change() as db:
        db.execute(INSERT, (b"1",))
    assert mode(state.path.parent) == 0o700
    files = list(state.path.parent.iterdir())
    assert {"state.sqlite", "state.sqlite-wal", "secret"} <= {path.name for path in files}
    assert {mode(path) for path in files} == {0o600}


def test_a_change_that_fails_leaves_nothing(state):
    with pytest.raises(ZeroDivisionError), state.change() as db:
        db.execute(INSERT, (b"1",))
        raise ZeroDivisionError
    assert state.rows("SELECT * FROM entered") == []


def test_a_change_of_another_process_changes_the_version(state, room):
    before = state.version()
    assert state.version() == before
    other = State(room)
    with other.change() as db:
        db.execute(INSERT, (b"1",))
    other.close()
    assert state.version() != before


def test_threads_share_a_database_and_see_all_changes(state):
    def write(start):
        for number in range(start, start + 10):
            with state.change() as db:
                db.execute(INSERT, (bytes([number]),))

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(state.rows("SELECT * FROM entered")) == 30


def test_the_connection_of_a_thread_that_ended_is_closed(state):
    thread = threading.Thread(target=state.rows, args=("SELECT 1",))
    thread.start()
    thread.join()
    gc.collect()
    assert len(state._all) == 1


def test_a_second_opening_finds_the_tables_and_changes_nothing(state, room):
    before = state.rows("SELECT sql FROM sqlite_master")
    State(room).close()
    assert state.rows("SELECT sql FROM sqlite_master") == before
    assert state.rows("PRAGMA user_version") == [(len(STEPS),)]


@pytest.mark.parametrize("damage", [lambda content: b"x" * len(content), lambda content: content[:5000]])
def test_a_damaged_file_is_one_error_that_says_what_to_do(room, damage):
    state = State(room)
    state.close()
    state.path.write_bytes(damage(state.path.read_bytes()))
    with pytest.raises(NewsroomError, match=r"state\.sqlite: the service's database cannot be used .* backup"):
        State(room)


def test_a_database_of_a_later_version_is_refused(room):
    state = State(room)
    state.close()
    with sqlite3.connect(state.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NewsroomError, match="made by a later Broadsheet"):
        State(room)


def test_a_link_in_place_of_the_database_is_not_followed(room, tmp_path):
    folder = room.path / "service"
    folder.mkdir(parents=True)
    (folder / "state.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NewsroomError):
        State(room)
    assert not (tmp_path / "elsewhere").exists()


def test_a_secret_that_others_may_read_is_refused(room):
    read_secret(room)
    path = room.path / "service" / "secret"
    path.chmod(0o644)
    with pytest.raises(NewsroomError, match="chmod 600"):
        read_secret(room)


def test_a_short_secret_is_refused(room):
    read_secret(room)
    (room.path / "service" / "secret").write_text("short\n")
    with pytest.raises(NewsroomError, match="expected a key of 32 characters"):
        read_secret(room)


def test_a_new_key_before_the_old_one_signs_and_the_old_one_is_accepted_until_it_goes(room):
    path = room.path / "service" / "secret"
    old = read_secret(room)
    signed, code = old.sign("reader", "maya"), old.code("csrf", "maya")
    path.write_text("n" * 40 + "\n" + path.read_text())
    both = read_secret(room)
    assert both.signed("reader", signed, 60) == "maya" and both.is_code("csrf", "maya", code)
    assert both.sign("reader", "maya").split(".")[-1] != signed.split(".")[-1] and both.code("csrf", "maya") != code
    path.write_text("n" * 40 + "\n")
    new = read_secret(room)
    assert new.signed("reader", signed, 60) is None and not new.is_code("csrf", "maya", code)
    assert new.signed("reader", both.sign("reader", "maya"), 60) == "maya"


def test_what_is_signed_for_one_purpose_is_no_good_for_another(room):
    secret = read_secret(room)
    assert secret.signed("reader", secret.sign("enter", "maya"), 60) is None
    assert secret.signed("enter", secret.sign("enter", "maya"), -1) is None  # too old
