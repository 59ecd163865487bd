"""The commands `add` and `withdraw`, beside a pipeline that runs meanwhile."""

import json
import runpy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.newsroom.journal import Journal
from broadsheet.pipeline import Pipeline
from tests.support.forks import start_forks
from tests.support.late_articles import ALL, everything, ids, row

ROOT = Path(__file__).parents[2]


def write_articles(path, *rows):
    path.write_text("\n".join(json.dumps(one, default=str) for one in rows), "utf-8")
    return path


def test_what_the_commands_do_a_running_pipeline_shows_with_its_next_page(room, command, tmp_path):
    opened = Pipeline.open(room.path)
    late = write_articles(tmp_path / "late.jsonl", row("X1"), row("N5", title="Replaced goal"), row(""))
    code, out, _ = command("add", room.path, late)
    assert code == 0 and out.splitlines()[1].split() == ["news", "2", "1", "1"] and "1  news: empty id" in out
    assert set(ids(everything(opened))) == ALL | {"X1"}
    assert "Replaced goal" in everything(opened).stories["title"].to_pylist()
    code, out, _ = command("withdraw", room.path, "X1", "N7", "NEVER")
    assert (code, out) == (0, "withdrawn: 3\nnot in this newsroom, and refused if they are imported later: NEVER\n")
    assert set(ids(everything(opened))) == ALL - {"N7"}
    assert command("verify", room.path) == (0, f"{room.current().name}: sound\n", "")


def test_a_files_own_names_of_columns_are_mapped_as_in_an_import(room, command, tmp_path):
    late = tmp_path / "late.csv"
    late.write_text("id,headline,category\nX1,Coach says goal,sports\n")
    code, _, err = command("add", room.path, late)
    assert code == 2 and "expected also news_id, title" in err and not room.live.exists()
    assert "--column news_id=THEIRS and --column title=THEIRS" in " ".join(err.split())
    code, _, err = command("add", room.path, late, "--column", "headline")
    assert code == 2 and "--column: found 'headline', expected OURS=THEIRS" in err
    code, _, _ = command("add", room.path, late, "--column", "news_id=id", "--column", "title=headline")
    assert code == 0 and set(ids(everything(Pipeline.open(room.path)))) == ALL | {"X1"}


@pytest.mark.parametrize(
    "words, told",
    [
        (["add", "{room}", "{late}"], "not one row was taken (1 news: empty id)"),
        (["add", "{room}", "missing.csv"], "missing.csv: no such file"),
        (["add", "elsewhere", "{late}"], "no newsroom here"),
        (["withdraw", "elsewhere", "N1"], "no newsroom here"),
        (["withdraw", "{room}", " "], "ids: found ' ' (empty id), expected the id"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(room, command, tmp_path, words, told):
    late = write_articles(tmp_path / "late.jsonl", row(""))
    code, out, err = command(*(word.format(room=room.path, late=late) for word in words))
    assert (code, out) == (2, "") and told in err and err.startswith("broadsheet: ")
    assert Journal(room).entries() == []


def test_verify_names_a_damaged_entry_and_ends_with_code_1(room, command):
    assert CliRunner().invoke(app, ["withdraw", str(room.path), "N1"]).exit_code == 0
    path = Journal(room).entries()[0].path
    path.write_bytes(path.read_bytes()[:-30])
    code, _, err = command("verify", room.path)
    assert code == 1 and f"live: {path}" in err


def test_killed_processes_lose_nothing_that_was_acknowledged(built, capsys):
    start_forks()
    script = runpy.run_path(str(ROOT / "scripts" / "check_kills.py"))
    script["check"](built.path, rounds=4)  # each kind of process
    out, _ = capsys.readouterr()
    assert out.startswith("4 kills, ") and out.endswith("nothing lost, nothing twice, all sound\n")
