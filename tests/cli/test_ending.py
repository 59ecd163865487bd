"""How commands end: full disks, outputs that cannot hold a character, signals, and names that a terminal would obey."""

import errno
import io
import json
import os
import signal
import sys

import pytest

from broadsheet.cli.ending import run_command, stopped_by_signals
from broadsheet.cli.printing import print_json
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.readers.mutes import open_mutes
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.live_schemas import MUTES


def ending(command, capsys):
    """The exit code of a command, and what it said."""
    with pytest.raises(SystemExit) as end:
        run_command("broadsheet", command)
    return end.value.code, capsys.readouterr().err


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error in write: No space left on device"),
        Exception('Error while serializing: I/O error: "No space left on device (os error 28)"'),
    ],
    ids=str,
)
def test_a_full_disk_ends_any_command_with_a_sentence(error, capsys):
    code, said = ending(raising(error), capsys)
    assert code == 2 and said == f"broadsheet: the disk is full ({error}). Free some space and try again.\n"


def test_an_error_of_a_file_names_it_and_an_error_of_the_program_is_raised(capsys):
    code, said = ending(raising(OSError(errno.EIO, "Input/output error", "news.arrow")), capsys)
    assert (code, said) == (2, "broadsheet: news.arrow: Input/output error.\n")
    with pytest.raises(OSError, match="Connection reset"):
        run_command("broadsheet", raising(OSError(errno.ECONNRESET, "Connection reset by peer")))


@pytest.mark.parametrize("stop, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_as_an_exit_after_its_files_are_removed(stop, code, tmp_path, capsys):
    def command():
        try:
            os.kill(os.getpid(), stop)
            signal.pause()
        finally:
            (tmp_path / "removed").touch()

    before = signal.signal(stop, signal.SIG_DFL)  # a test that ran Ray in this process leaves Ray's handler behind
    try:
        found, said = ending(command, capsys)
        assert signal.getsignal(stop) is signal.SIG_DFL
    finally:
        signal.signal(stop, before)
    assert found == code and "stopped" in said and (tmp_path / "removed").exists()


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_output_that_is_full_is_told_at_the_end(monkeypatch, capsys):
    with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stdout", full)
        code, said = ending(lambda: full.write("page"), capsys)
    assert code == 2 and said.startswith("broadsheet: standard output: No space left on device.")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_page_is_printed_whatever_the_outputs_encoding(encoding, built, command, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    for words in (["run", "fan", "-k", "2"], ["run", "fan", "-k", "2", "--json"]):
        code, _, err = command(*words, "--newsroom", built.path)
        assert (code, err) == (0, "")
    printed = out.buffer.getvalue().decode(encoding)
    first = Pipeline.open(built.path).run("fan", 2).stories["headline"][0].as_py()
    assert "BROADSHEET" in printed and first in printed


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_json_on_a_terminal_has_no_character_that_it_would_obey_and_says_the_same(encoding, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    document = {"title": "a\x1b[2J\x9b31m\u202eb\x00 “ž” 👨\u200d👩\n\t"}
    print_json(document)
    out.flush()
    printed = out.buffer.getvalue().decode(encoding)
    assert json.loads(printed) == document
    assert not [one for one in printed if not one.isprintable() and one not in "\n\u200d"]


OBEYED = "a\x1b[2J\x9b\u202e\x00b\nsecond"


def test_a_stored_name_never_reaches_the_terminal_as_a_command(copy: Newsroom, command):
    row = {"user_id": "fan", "categories": [OBEYED], "sources": [OBEYED]}
    write_table(copy.mutes, from_rows([row], MUTES), MUTES)
    for words in (["mute", copy.path, "fan", "--category", "sports"], ["unmute", copy.path, "fan", "--source", "x"]):
        code, out, err = command(*words)
        assert code == 0 and "a[2Jb second" in out and (out + err).replace("\n", "").isprintable()
    code, out, err = command("unmute", copy.path, "fan", "--category", OBEYED, "--source", OBEYED)
    assert (code, out) == (0, "fan: categories sports; sources none\n")


@pytest.mark.parametrize("words", [["mute", "ROOM", "fan", "--category", OBEYED], ["withdraw", "ROOM", OBEYED]])
def test_a_name_that_a_terminal_would_obey_is_not_stored_and_not_printed(words, copy: Newsroom, command):
    code, out, err = command(*(str(copy.path) if word == "ROOM" else word for word in words))
    assert code == 2 and not out and err.replace("\n", "").isprintable()
    assert "fan" not in open_mutes(copy.mutes)() and not list(copy.live.glob("*.arrow"))
