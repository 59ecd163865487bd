"""A reader who was shown pages, saved, hid, asked, and got a letter and a push, is in no file after being forgotten."""

import shutil
from contextlib import closing
from email import message_from_bytes
from email.policy import default

import pytest
from fastapi.testclient import TestClient

from broadsheet.errors import InputError
from broadsheet.evaluation.service.forgetting import add_settings, is_proved, searched
from broadsheet.evaluation.service.one_reader import Browser, act_by_key, read_the_paper, stop_letters
from broadsheet.letters.run import run_letters, run_pushes
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.reader_file import export_reader, history_in, read_reader
from broadsheet.pipeline import Pipeline
from broadsheet.service.app import create_app
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.serving.state import State


@pytest.fixture
def room(built, tmp_path):
    room = Newsroom(shutil.copytree(built.path, tmp_path / "newsroom", symlinks=True))
    add_settings(room, 80)
    text = room.config_file.read_text("utf-8")
    room.config_file.write_text(text.replace("access_log = true", "access_log = false"), "utf-8")
    return room


def test_settings_are_added_once(room):
    with pytest.raises(InputError, match=r"found \[letter\], \[push\], \[service\]"):
        add_settings(room, 80)


def mail_of(folder):
    (file,) = folder.glob("*.eml")
    return message_from_bytes(file.read_bytes(), policy=default)


def test_a_reader_who_lived_on_the_air_is_found_nowhere_after_being_forgotten_and_the_next_night(room, tmp_path):
    with closing(State(room)) as state:
        key = add_key(state, "site", ["pages", "events", "readers"], "tests")
    app = create_app(room)
    with TestClient(app, "http://127.0.0.1", follow_redirects=False) as client:
        site = TestClient(app, "http://127.0.0.1", headers={"Authorization": f"Bearer {key}"})
        browser = Browser(client)
        reader = read_the_paper(browser, room, ("sports", "science"))
        act_by_key(site, reader, "first-day")
        build(room, "all")
        addresses = tmp_path / "addresses.csv"
        addresses.write_text(f"user_id,address\n{reader},reader@example.org\n", "utf-8")
        assert run_letters(room.path, addresses, [reader], tmp_path / "letters", None).sent == 1
        stop_letters(browser, mail_of(tmp_path / "letters"))
        assert len(list(run_pushes(room.path, None, [reader]))) == 1
        act_by_key(site, reader, "second-day")
        export_reader(room, reader, tmp_path / "reader.jsonl")
        history = history_in(tmp_path / "reader.jsonl")
        rows = read_reader(tmp_path / "reader.jsonl")[1]
        in_service = {row["name"] for row in rows if row["table"] == "service"}
        assert in_service >= {"letters", "pushes", "stopped_letters", "feeds"} and len(history) >= 3
        before = searched(room, reader, history)
        assert before["id"].keys() >= {"corpus", "editions", "events", "readers", "service"} and before["history"]
        assert site.post(f"/v1/readers/{reader}/forget").status_code == 200
        assert site.get(f"/v1/readers/{reader}/page").json()["kind"] == "new"
        build(room, "all")
        after = searched(room, reader, history)
        assert (after["id"], after["history"]) == ({}, {}) and after["files"] > 10
        assert Pipeline.open(room).run(reader, 5).kind == "new"


def test_the_proof_fails_if_anything_is_left_or_the_page_is_another():
    clean = {
        "scans": {"after the next night": {"id": {}, "history": {}}},
        "log": {"hits": 0},
        "hidden": {"rows of the export after": 0, "page of a reader whom nobody knows": True},
        "export": {"same": True},
    }
    assert is_proved(clean)
    left = {"scans": {"after the next night": {"id": {"corpus": 1}, "history": {}}}}
    for change in (left, {"log": {"hits": 1}}, {"export": {"same": False}}):
        assert not is_proved({**clean, **change})
