"""API keys, users and sessions, as the command line and the service use them."""

import hashlib
import time
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from broadsheet.errors import InputError, NewsroomError
from broadsheet.nightly.forgetting.service_state import clean_service_state
from broadsheet.service.security.accounts import attempts, audit, keys, sessions, users
from broadsheet.service.serving.state import State
from tests.service.security.conftest import HASHER, PASSWORD


@pytest.fixture
def state(site):
    return site.state


def audited(state):
    return [tuple(row) for row in state.rows("SELECT who, act, what FROM audit ORDER BY number")]


def test_a_key_is_stored_as_a_hash_alone(state):
    key = keys.add_key(state, "site", ["pages"], "test")
    stored = state.path.read_bytes() + state.path.with_name("state.sqlite-wal").read_bytes()
    assert key[15:].encode() not in stored and hashlib.sha256(key[15:].encode()).digest() in stored
    assert keys.Keys(state).check(key).name == "site"


def test_a_key_with_another_secret_or_of_another_form_is_none(state):
    key = keys.add_key(state, "site", ["pages"], "test")
    known = keys.Keys(state)
    wrong = [key[:-1] + ("A" if key[-1] != "A" else "B"), key[:15], key + "A", "", "bs_", key.upper(), f" {key}"]
    assert [each for each in wrong if known.check(each)] == []


def test_a_key_that_another_process_revokes_is_gone_at_the_next_look(state, room):
    key, other = keys.add_key(state, "site", ["pages"], "test"), State(room)
    known = keys.Keys(state)
    assert known.check(key)
    keys.revoke_key(other, "site", "test")
    known.look()
    assert known.check(key) is None
    other.close()


def test_a_key_added_between_the_start_and_the_first_look_of_the_watch_is_known(state, room, monkeypatch):
    started = State(room)
    known = keys.Keys(started)
    key = keys.add_key(state, "site", ["pages"], "test")
    monkeypatch.setattr(keys, "LOOKS_EVERY", 0.0)
    known.watching.start()
    end = time.monotonic() + 5
    while not known.check(key) and time.monotonic() < end:
        time.sleep(0.01)
    known.watching.stop()
    started.close()
    assert known.check(key)


def test_the_day_of_a_keys_use_is_written_down(state):
    key = keys.add_key(state, "site", ["pages"], "test")
    known = keys.Keys(state)
    assert [each.used for each in keys.all_keys(state)] == [""]
    known.check(key)
    known.look()
    assert len(keys.all_keys(state)[0].used) == 10


def test_a_key_is_accepted_though_the_day_of_its_use_cannot_be_written_down(state):
    secret, found = keys.add_key(state, "site", ["pages"], "test"), keys.Keys(state)
    state._connection().execute("PRAGMA query_only = ON")
    assert found.check(secret)
    found.look()
    assert found.check(secret)
    state._connection().execute("PRAGMA query_only = OFF")
    found.look()
    assert keys.all_keys(state)[0].used == datetime.now(UTC).date().isoformat()


def test_no_key_is_accepted_while_the_database_cannot_be_read(state, monkeypatch):
    key = keys.add_key(state, "site", ["pages"], "test")
    known = keys.Keys(state)

    def fail():
        raise NewsroomError("damaged")

    monkeypatch.setattr(known, "look", fail)
    assert known._looked() == keys.TRIES_AGAIN
    assert known.check(key) is None


@pytest.mark.parametrize("scopes", [[], ["nix"], ["pages", "nix\n"]])
def test_a_key_without_known_scopes_is_refused(state, scopes):
    with pytest.raises(InputError, match=r"--scope: found .*, expected one or more of pages"):
        keys.add_key(state, "site", scopes, "test")


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 101, "\u202eabc"])
def test_a_name_that_is_none_is_refused(state, name):
    with pytest.raises(InputError, match="NAME: found"):
        keys.add_key(state, name, ["pages"], "test")
    with pytest.raises(InputError, match="NAME: found"):
        users.add_user(state, name, "editor", PASSWORD, "test")


def test_a_name_is_free_again_once_its_key_is_revoked(state):
    keys.add_key(state, "site", ["pages"], "test")
    with pytest.raises(InputError, match="is in force"):
        keys.add_key(state, "site", ["pages"], "test")
    keys.revoke_key(state, "site", "test")
    keys.add_key(state, "site", ["events"], "test")
    assert [key.revoked is None for key in keys.all_keys(state)].count(True) == 1
    with pytest.raises(InputError, match="expected the name of a key in force"):
        keys.revoke_key(state, "other", "test")


def test_passwords_are_hashed_as_argon2_advises():
    theirs, ours = PasswordHasher(), HASHER()
    for each in ("type", "time_cost", "memory_cost", "parallelism", "hash_len", "salt_len"):
        assert getattr(ours, each) == getattr(theirs, each)


def test_a_password_is_checked_and_stored_as_a_hash(state):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    assert state.rows("SELECT password FROM users")[0][0].startswith("$argon2id$")
    assert users.user_of(state, "Ann", PASSWORD).role == "editor"
    assert users.user_of(state, "ann", PASSWORD + "x") is None and users.user_of(state, "bob", PASSWORD) is None


def test_an_unknown_name_costs_a_check_of_a_password_too(state, monkeypatch):
    checked = []
    monkeypatch.setattr(users, "_is_right", lambda hashed, password: checked.append(hashed) or True)
    assert users.user_of(state, "nobody", PASSWORD) is None
    assert len(checked) == 1 and checked[0].startswith("$argon2id$")


def test_a_hash_of_other_parameters_is_made_anew_at_the_next_login(state):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    old = PasswordHasher(time_cost=2, memory_cost=64).hash(PASSWORD)
    with state.change() as db:
        db.execute("UPDATE users SET password = ?", (old,))
    assert users.user_of(state, "ann", PASSWORD)
    assert state.rows("SELECT password FROM users")[0][0] != old
    assert users.user_of(state, "ann", PASSWORD)


def test_more_checks_of_passwords_than_threads_allow_are_refused_at_once(state):
    held = [users._WAITING.acquire() for _ in range(users.MOST_WAITING)]
    try:
        with pytest.raises(NewsroomError, match="Too many people sign in"):
            users.user_of(state, "ann", PASSWORD)
    finally:
        for _ in held:
            users._WAITING.release()


def test_users_that_cannot_be_are_refused(state):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    for name, role, password in (("ANN", "editor", PASSWORD), ("bob", "reader", PASSWORD), ("bob", "editor", "short")):
        with pytest.raises(InputError):
            users.add_user(state, name, role, password, "test")
    for change in (lambda: users.remove_user(state, "bob", "t"), lambda: users.set_password(state, "b", PASSWORD, "t")):
        with pytest.raises(InputError, match="expected the name of a user"):
            change()


@pytest.mark.parametrize("end", ["removed", "password changed", "signed out"])
def test_a_session_ends_with_its_user_its_password_and_its_logout(state, end):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    session = sessions.begin_session(state, users.all_users(state)[0], "192.0.2.1")
    assert sessions.user_in(state, session).name == "ann"
    if end == "removed":
        users.remove_user(state, "ann", "test")
    elif end == "password changed":
        users.set_password(state, "ann", PASSWORD * 2, "test")
    else:
        sessions.end_session(state, session, "ann")
    assert sessions.user_in(state, session) is None
    assert end in [act for _, act, _ in audited(state)] or end == "removed"


@pytest.mark.parametrize(("column", "seconds"), [("made", 12 * 3600 + 5), ("seen", 2 * 3600 + 5)])
def test_a_session_that_is_old_or_idle_is_over(state, column, seconds):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    session = sessions.begin_session(state, users.all_users(state)[0], "192.0.2.1")
    with state.change() as db:
        db.execute(f"UPDATE sessions SET {column} = {column} - ?", (seconds,))
    assert sessions.user_in(state, session) is None


def test_a_use_of_a_session_is_written_down_after_a_minute(state):
    users.add_user(state, "ann", "editor", PASSWORD, "test")
    session = sessions.begin_session(state, users.all_users(state)[0], "192.0.2.1")
    with state.change() as db:
        db.execute("UPDATE sessions SET seen = seen - 100")
    before = state.rows("SELECT seen FROM sessions")
    assert sessions.user_in(state, session)
    assert state.rows("SELECT seen FROM sessions") > before


def test_delays_double_up_to_a_bound():
    assert [attempts.delay_of("name", count) for count in (0, 2, 3, 4, 5, 50, 10**6)] == [0, 0, 1, 2, 4, 60, 60]
    assert [attempts.delay_of("address", count) for count in (9, 10, 13, 10**6)] == [0, 1, 8, 900]


def test_what_is_done_is_in_the_audit_log_and_no_secret_is(state):
    key = keys.add_key(state, "site", ["pages"], "ann")
    users.add_user(state, "bob", "editor", PASSWORD, "ann")
    users.remove_user(state, "bob", "ann")
    keys.revoke_key(state, "site", "ann")
    acts = [act for _, act, _ in audited(state)]
    assert acts == ["key added", "user added", "user removed", "key revoked"]
    assert key[15:] not in str(audited(state)) and PASSWORD not in str(audited(state))


def test_failed_logins_do_not_fill_the_audit_log(state, monkeypatch):
    monkeypatch.setattr(audit, "MOST_FAILURES", 3)
    keys.add_key(state, "site", ["pages"], "ann")
    for number in range(10):
        attempts.note_failure(state, f"192.0.2.{number}\nforged line")
    lines = audited(state)
    assert [who for who, _, _ in lines] == ["ann", *(f"192.0.2.{number} forged line" for number in (7, 8, 9))]


def test_forgetting_a_reader_with_the_name_of_a_key_user_role_or_scope_takes_no_right_away(state, room):
    before = keys.add_key(state, "site", ["pages"], "test"), keys.add_key(state, "other", ["pages"], "test")
    users.add_user(state, "ann", "operator", PASSWORD, "test")
    with state.change() as db:
        audit.record(db, "key site", "reader forgotten", "reader site")
        rows = [("key site", name, b"", int(time.time()), 200) for name in ("site", "other")]
        db.executemany("INSERT INTO idempotency (caller, key, request, made, status) VALUES (?, ?, ?, ?, ?)", rows)
    names = {"site", "other", "pages", "ann", "operator", "key"}
    until = datetime(2020, 1, 1, tzinfo=UTC)
    clean_service_state(room, lambda texts: dict.fromkeys(names.intersection(texts), until), until)
    assert {(key.name, *key.scopes) for key in keys.all_keys(state)} == {("site", "pages"), ("other", "pages")}
    assert all(keys.Keys(state).check(key) for key in before)
    assert [(user.name, user.role) for user in users.all_users(state)] == [("ann", "operator")]
    assert state.rows("SELECT who, act, what FROM audit WHERE act = 'reader forgotten'") == [
        ("key site", "reader forgotten", "reader a forgotten reader")
    ]
    assert state.rows("SELECT key FROM idempotency ORDER BY key") == [("other",), ("site",)]
