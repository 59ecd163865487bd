import gzip
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command

from broadsheet.cli.app import app
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.stages import STAGES
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, CLICKS, NEWS, USERS
from broadsheet.version import __version__


def leaves(command, path=()):
    """Every command with the words that name it."""
    if hasattr(command, "commands"):
        return [leaf for name, part in command.commands.items() for leaf in leaves(part, (*path, name))]
    return [(path, command)]


COMMANDS = dict(leaves(get_command(app)))


def test_the_commands_are_these():
    assert {" ".join(words) for words in COMMANDS} == {
        *(
            "assets",
            "learn",
            "import demo",
            "import mind",
            "import ebnerd",
            "import tables",
            "import dataset",
            "import own",
            "train reranker",
            "train towers",
            "train writer",
            "train attention",
            "train fusion",
            "export run",
            "export qrels",
            "export vectors",
            "build",
            "run",
        ),
        *("demo", "status", "verify", "rollback", "stage", "publish", "prune", "add", "withdraw", "mute", "unmute"),
        *("ask", "profile", "write", "log", "experiment", "evaluate policy"),
        *("serve", "keys add", "keys list", "keys revoke", "users add", "users list", "users password", "users remove"),
        *("letter", "push", "forget", "export reader", "import reader"),
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example_that_its_parser_takes(command, words):
    code, out, _ = command(*words, "--help")
    assert code == 0 and f"Example: broadsheet {' '.join(words)}" in out
    for part in COMMANDS[words].epilog.split("   "):
        line = part.removeprefix("Example: ").removeprefix("Then: ")
        if line.startswith("broadsheet "):
            arguments = shlex.split(line)[1:]
            named = next(name for name in COMMANDS if tuple(arguments[: len(name)]) == name)
            COMMANDS[named].make_context("broadsheet", arguments[len(named) :])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_what_stands_in_brackets(command, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    leaf = COMMANDS[words]
    texts = [leaf.help or "", leaf.epilog or "", *(getattr(param, "help", None) or "" for param in leaf.params)]
    written = [part for text in texts for part in re.findall(r"\S*\[[^\]]*\]", text)]
    shown = command(*words, "--help")[1]
    assert not [part for part in written if part not in shown]


def test_the_help_names_the_section_of_the_gate_the_extra_of_ray_and_all_stages(command):
    pages = [" ".join(command(*words, "--help")[1].split()) for words in (("build",), ("stage",))]
    assert "section [gate] of broadsheet.toml" in pages[0] and "broadsheet[ray]" in pages[0]
    assert all(name in pages[1] for name in STAGES)


def test_every_command_takes_its_newsroom_from_the_variable_but_the_demo_which_makes_its_own():
    for words, leaf in COMMANDS.items():
        variables = [param.envvar for param in leaf.params if param.name in ("newsroom", "into")]
        assert variables == ([] if words == ("assets",) else [None] if words == ("demo",) else ["BROADSHEET_NEWSROOM"])


def test_the_version_is_printed(command):
    assert command("--version") == (0, f"broadsheet {__version__}\n", "")


def test_without_a_command_the_help_is_shown(command):
    _, out, err = command()
    assert "Start with: broadsheet assets" in out + err


def test_tables_are_imported_built_and_read_with_the_newsroom_named_once(command, monkeypatch, encoder, tmp_path):
    rows = [f"A{n},Goal {n} of the cup,sports,2024-05-0{n}" for n in range(1, 6)]
    with gzip.open("news.csv.gz", "wt") as file:
        file.write("\n".join(["id,title,category,published_at", *rows, "A1,Again,,"]))
    (tmp_path / "clicks.jsonl").write_text('{"user_id": "ann", "news_id": "A1", "time": "2024-05-05"}\n')
    monkeypatch.setenv("BROADSHEET_NEWSROOM", str(tmp_path / "paper"))
    code, out, _ = command(
        "import", "tables", "--news", "news.csv.gz", "--clicks", "clicks.jsonl", "--column", "news_id=id"
    )
    assert code == 0 and "duplicate id" in out
    room = Newsroom(tmp_path / "paper")
    assert len(read_table(room.news, NEWS)) == 5 and len(read_table(room.clicks, CLICKS)) == 1
    models = f'[retrieval]\nencoder = "{encoder}"\n[rerank]\nencoder = "{encoder}"\n[generate]\nwriter = ""\n'
    room.config_file.write_text(f'clock = "latest"\n{models}')
    code, out, err = command("build")
    assert (code, out) == (0, "") and f"published {room.current().name}" in err, err
    assert command("verify") == (0, f"{room.current().name}: sound\n", "")
    code, out, _ = command("run", "ann", "--json", "-k", 5)
    assert code == 0 and json.loads(out)["kind"] == "known" and len(json.loads(out)["stories"]) == 4
    code, out, _ = command("status")
    assert code == 0 and room.current().name in out


def test_a_folder_of_mind_is_imported(command, tmp_path):
    (tmp_path / "MIND").mkdir()
    (tmp_path / "MIND" / "news.tsv").write_text("N1\tsports\tgolf\tA title\tAn abstract\thttps://a.example\t[]\t[]\n")
    (tmp_path / "MIND" / "behaviors.tsv").write_text("1\tU1\t11/15/2019 8:00:00 AM\tN1\tN1-1\n")
    code, out, _ = command("import", "mind", "MIND", "--split", "valid")
    assert code == 0 and "news" in out
    assert Newsroom(tmp_path / "newsroom").impressions("valid").is_file()
    assert read_table(Newsroom(tmp_path / "newsroom").users, USERS)["user_id"].to_pylist() == ["U1"]


@pytest.mark.parametrize("option", ["-k", "--k"])
def test_run_and_ask_print_json_or_write_html(command, built, tmp_path, option):
    for words in (("run", "fan"), ("ask", "space rocket")):
        code, out, _ = command(*words, "--newsroom", built.path, option, 3, "--json")
        page = json.loads(out)
        assert code == 0 and [story["rank"] for story in page["stories"]] == [1, 2, 3]
        assert command(*words, "--newsroom", built.path, "--html", "page.html")[0] == 0
        assert page["stories"][0]["headline"] in (tmp_path / "page.html").read_text("utf-8")
        (tmp_path / "page.html").unlink()
        code, out, _ = command(*words, "--newsroom", built.path, option, 3)
        assert code == 0 and page["stories"][2]["headline"] in out


def test_build_takes_a_file_of_users(command, newsroom, tmp_path):
    (tmp_path / "ids.txt").write_text("\ufefffan\r\n\r\n nobody \n", "utf-8")
    assert command("build", newsroom.path, "--users", "ids.txt")[0] == 0
    assert read_table(newsroom.current().users, USERS)["user_id"].to_pylist() == ["fan", "nobody"]


def test_verify_names_what_is_wrong_with_exit_code_one(command, copy):
    copy.current().ranked.unlink()
    code, out, err = command("verify", copy.path)
    assert code == 1 and out == "" and err.startswith(f"{copy.current().name}: ranked.arrow: SHA-256 is missing")


def test_rollback_goes_to_the_edition_before(command, copy):
    first, second = copy.current(), build(copy, ["fan"])
    assert command("rollback", copy.path) == (0, f"current is now {first.name}\n", "")
    assert copy.current() == first and second in copy.editions()
    code, out, err = command("rollback", copy.path)
    assert (code, out) == (2, "") and f"no sound edition before {first.name}" in err


def test_a_stage_is_run_alone(command, built, tmp_path):
    code, out, _ = command("stage", "retrieve", built.path, "--out", "again")
    assert code == 0 and out == "80 candidates for 4 users\n"
    again = read_table(tmp_path / "again" / "candidates.arrow", CANDIDATES)
    assert again.equals(read_table(built.current().candidates, CANDIDATES))


@pytest.mark.parametrize(
    "words, message",
    [
        ("build", "newsroom: no newsroom here (no corpus/news.arrow)"),
        ("status nowhere", "nowhere: no newsroom here"),
        ("verify nowhere", "nowhere: no edition is published"),
        ("rollback nowhere", "nowhere: no edition is published"),
        ("run fan --newsroom nowhere", "nowhere: no newsroom here"),
        ("run fan --newsroom ROOM -k 0", "k: found 0, expected the number of stories"),
        ("run '' --newsroom ROOM", "user_id: found '' (empty id), expected the id"),
        ("run fan --newsroom ROOM --html ROOM", "cannot be written"),
        ("ask ' ' --newsroom ROOM", "ask: found an empty request"),
        ("stage fuse ROOM", "stage: found 'fuse', expected one of encode, index"),
        ("stage rerank ROOM --out ROOM/current", "where no file may change"),
        ("build ROOM --users activ", "--users activ: [Errno 2] No such file or directory"),
        ("build ROOM --users empty.txt", "--users empty.txt: found no id in it. Expected active, all, or a UTF-8 file"),
        ("build ROOM --users one.txt", "users: 1 unknown, such as 'stranger'"),
        ("train reranker ROOM --train tr --valid va", "no such split"),
        ("train reranker ROOM --train ../tr --valid va", "split '../tr': expected 1 to 100 letters, digits"),
        ("import tables", "no file"),
        ("import tables --news a.csv --column title", "--column: found 'title', expected OURS=THEIRS"),
        ("import mind nowhere", "nowhere"),
        ("import ebnerd nowhere", "nowhere/articles.parquet: no such file"),
        ("import tables --news news.csv --into one.txt", "one.txt"),
    ],
)
def test_an_error_that_the_user_can_mend_is_one_message_and_exit_code_two(command, copy, tmp_path, words, message):
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "one.txt").write_text("stranger\n")
    (tmp_path / "news.csv").write_text("news_id,title\nA1,A title\n")
    code, out, err = command(*shlex.split(words.replace("ROOM", str(copy.path))))
    assert (code, out) == (2, "") and err.startswith("broadsheet: ") and message in err
    assert "Traceback" not in err and len(copy.editions()) == 1


def test_a_folder_that_cannot_be_written_is_one_message(command, newsroom):
    newsroom.editions_folder.write_text("a file where the editions should be")
    code, _, err = command("build", newsroom.path)
    assert code == 2 and err == f"broadsheet: {newsroom.building.manifest}: Not a directory.\n"


def test_a_wrong_option_is_exit_code_two_with_the_usage(command):
    code, _, err = command("build", "--user", "all")
    assert code == 2 and "--users" in err and "Traceback" not in err


def test_the_installed_command_works_in_a_process_of_its_own(built):
    environment = {**os.environ, "BROADSHEET_NEWSROOM": str(built.path), "COLUMNS": "200"}
    script = shutil.which("broadsheet", path=str(Path(sys.executable).parent)) or pytest.skip("not installed")
    done = subprocess.run([script, "status"], env=environment, capture_output=True, text=True, check=True)
    assert built.current().name in done.stdout and done.stderr == ""
    failed = subprocess.run([script, "verify", "nowhere"], env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 2 and failed.stdout == ""
    assert (
        failed.stderr.startswith("broadsheet: /")
        and "/nowhere: no edition is published" in failed.stderr
        and failed.stderr.count("\n") == 1
    )


def test_an_interrupt_is_one_line_and_exit_code_130(built, tmp_path):
    os.mkfifo(tmp_path / "ids")
    words = [sys.executable, "-m", "broadsheet", "build", str(built.path), "--users", str(tmp_path / "ids")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        with (tmp_path / "ids").open("w"):  # opens once the command reads it, and keeps it waiting
            time.sleep(0.5)  # a signal that comes just before the read would not end it
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        assert process.stderr.read() == (
            "broadsheet: stopped. The same command goes on where this one stopped; an import begins anew.\n"
        )
