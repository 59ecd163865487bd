"""Editors and operators: made, listed, removed, and checked by their passwords."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from broadsheet.errors import InputError, NewsroomError
from broadsheet.newsroom.given import shown
from broadsheet.service.security.accounts.audit import record
from broadsheet.service.security.accounts.names import checked_name
from broadsheet.service.serving.state import State

USER_ROLES = ("editor", "operator")
"""The roles of people who sign in."""
SHORTEST, LONGEST = 12, 1000
"""Fewest and most characters of a password."""
AT_ONCE = 2
"""Passwords that are checked at the same time: each check takes 64 MiB, which many callers must not multiply."""
MOST_WAITING = 8
"""Checks that wait or are made; a further check is refused at once, so that threads are left for other requests."""
_WAITING, _CHECKING = threading.BoundedSemaphore(MOST_WAITING), threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class User:
    """An editor or operator."""

    id: int
    name: str
    role: str
    made: int
    "Seconds since 1970."


def add_user(state: State, name: str, role: str, password: str, by: str) -> None:
    """Make a user; raises InputError for a name that is taken, an unknown role, or a password that is too short."""
    name = checked_name(name, "NAME")
    if role not in USER_ROLES:
        raise InputError(f"--role: found {shown(role)}, expected {' or '.join(USER_ROLES)}.")
    hashed = _hasher().hash(_checked(password))
    try:
        with state.change() as db:
            row = (name, role, hashed, int(time.time()))
            db.execute("INSERT INTO users (name, role, password, made) VALUES (?, ?, ?, ?)", row)
            record(db, by, "user added", f"{name}: {role}")
    except sqlite3.IntegrityError:
        raise InputError(f"NAME: a user named {name} is there already. `broadsheet users list` shows all.") from None


def remove_user(state: State, name: str, by: str) -> None:
    """Remove a user, whose sessions end at once; raises InputError if there is no such user."""
    with state.change() as db:
        if not db.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount:
            raise _no_such(name)
        record(db, by, "user removed", name)


def set_password(state: State, name: str, password: str, by: str) -> None:
    """Change a user's password and end all sessions of the user; raises InputError as `add_user` does."""
    hashed = _hasher().hash(_checked(password))
    with state.change() as db:
        if not db.execute("UPDATE users SET password = ? WHERE name = ?", (hashed, name)).rowcount:
            raise _no_such(name)
        db.execute("DELETE FROM sessions WHERE user = (SELECT id FROM users WHERE name = ?)", (name,))
        record(db, by, "password changed", name)


def all_users(state: State) -> list[User]:
    """Return all users by name."""
    return [User(*row) for row in state.rows("SELECT id, name, role, made FROM users ORDER BY name")]


def user_of(state: State, name: str, password: str) -> User | None:
    """Return the user of this name and password, or None, after the same time for both kinds of mistake.

    Raises NewsroomError if too many passwords are being checked.
    """
    found = state.rows("SELECT id, name, role, made, password FROM users WHERE name = ?", name)
    hashed = found[0][4] if found else _nobodys()
    if not _WAITING.acquire(blocking=False):
        raise NewsroomError("Too many people sign in at this moment. Try again.")
    try:
        with _CHECKING:
            is_right = _is_right(hashed, password[:LONGEST])
        if not is_right or not found:
            return None
        if _hasher().check_needs_rehash(hashed):
            with state.change() as db:  # unless the password was changed meanwhile
                new = _hasher().hash(password)
                db.execute("UPDATE users SET password = ? WHERE id = ? AND password = ?", (new, found[0][0], hashed))
    finally:
        _WAITING.release()
    return User(*found[0][:4])


def _is_right(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """Return what the password of an unknown name is checked against, so that it takes as long as any other."""
    return _hasher().hash("no user has this password")


def _checked(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"The password has {len(password):,} characters, expected {SHORTEST} to {LONGEST:,}. A few words that "
            "nobody would guess make a good password."
        )
    return password


def _no_such(name: str) -> InputError:
    return InputError(f"NAME: found {shown(name)}, expected the name of a user. `broadsheet users list` shows all.")
