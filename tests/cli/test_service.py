"""The commands that make keys and users."""

import io
import sys

import pytest

from broadsheet.newsroom import Newsroom
from broadsheet.service.security.accounts import keys, users
from broadsheet.service.serving.state import State

PASSWORD = "four words nobody guesses"


@pytest.fixture
def folder(newsroom):
    return newsroom.path


@pytest.fixture
def state(folder):
    state = State(Newsroom(folder))
    yield state
    state.close()


@pytest.fixture
def typed(monkeypatch):
    def type_in(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_a_key_is_printed_once_listed_and_revoked(command, folder, state):
    code, key, told = command("keys", "add", folder, "site", "--scope", "pages", "--scope", "events")
    assert code == 0 and "cannot be shown again" in told
    assert keys.Keys(state).check(key.strip()).scopes == {"pages", "events"}
    _, listed, _ = command("keys", "list", folder)
    assert "site" in listed and "events pages" in listed and "never" in listed and key.strip() not in listed
    assert command("keys", "revoke", folder, "site")[:2] == (0, "site: revoked\n")
    assert keys.Keys(state).check(key.strip()) is None
    assert command("keys", "revoke", folder, "site")[0] == 2


def test_a_user_is_made_listed_changed_and_removed(command, folder, state, typed, tmp_path):
    typed(f"{PASSWORD}\n")
    assert command("users", "add", folder, "ann", "--role", "editor", "--password-stdin")[0] == 0
    assert users.user_of(state, "ann", PASSWORD).role == "editor"
    assert "editor" in command("users", "list", folder)[1]
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD} changed\r\n")
    assert command("users", "password", folder, "ann", "--password-file", file)[0] == 0
    assert users.user_of(state, "ann", PASSWORD) is None and users.user_of(state, "ann", f"{PASSWORD} changed")
    assert command("users", "remove", folder, "ann")[0] == 0
    assert users.all_users(state) == []


def test_the_commands_are_in_the_audit_log(command, folder, state):
    command("keys", "add", folder, "site", "--scope", "pages")
    ((who, act, what),) = state.rows("SELECT who, act, what FROM audit")
    assert who.startswith("command line") and act == "key added" and what.startswith("site ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["users", "add", "ROOM", "ann", "--role", "king", "--password-stdin"],
            "--role: found 'king', expected editor",
        ),
        (
            ["users", "add", "ROOM", "ann", "--role", "editor", "--password-file", "missing"],
            "--password-file missing: ",
        ),
        (["users", "remove", "ROOM", "ann"], "NAME: found 'ann', expected the name of a user"),
        (["keys", "add", "ROOM", "site", "--scope", "nix"], "--scope: found nix, expected one or more of pages"),
        (["keys", "list", "nowhere"], "nowhere: no newsroom here"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(command, folder, typed, words, told):
    typed(f"{PASSWORD}\n")
    code, _, error = command(*(folder if word == "ROOM" else word for word in words))
    assert code == 2 and told in error.replace("'nix'", "nix")


def test_a_newsroom_without_an_edition_is_told_before_any_address_is(command, folder):
    code, _, error = command("serve", folder)
    assert code == 2 and "no edition is published" in error and "http://" not in error


def test_a_folder_that_is_no_newsroom_stays_as_it_is(command, tmp_path):
    (tmp_path / "empty").mkdir()
    command("keys", "add", tmp_path / "empty", "site", "--scope", "pages")
    assert list((tmp_path / "empty").iterdir()) == []


def test_both_ways_to_give_a_password_are_refused(command, folder):
    code, _, error = command(
        *("users", "add", folder, "ann", "--role", "editor", "--password-stdin", "--password-file", "x")
    )
    assert code == 2 and "found both" in error


def test_a_missing_package_is_told_with_the_command_that_installs_it(command, folder, typed, monkeypatch):
    from broadsheet.service.security import accounts

    monkeypatch.delattr(accounts, "users")
    monkeypatch.delitem(sys.modules, "broadsheet.service.security.accounts.users")
    monkeypatch.setitem(sys.modules, "argon2", None)
    typed(f"{PASSWORD}\n")
    code, _, error = command("users", "add", folder, "ann", "--role", "editor", "--password-stdin")
    assert code == 2 and error == 'broadsheet: argon2 is not installed. Install it: pip install "broadsheet[serve]".\n'
