"""Events as JSON lines: from files and streams, whole lines and halves."""

import gzip
import io
import json
import os
import threading

import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.live import event_lines
from broadsheet.live.event_lines import LONGEST_LINE, log_file, log_stream
from broadsheet.live.events.report import LogReport
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from tests.support.events import event, page


def lines(*rows):
    return "".join(json.dumps(row, default=str) + "\n" for row in rows).encode()


GOOD = lines(page("p1"), event("click", page_id="p1", slot=1))


def logged(newsroom, content):
    report = LogReport()
    log_stream(newsroom, io.BytesIO(content), report)
    return report


def test_lines_that_are_no_events_are_counted_and_blank_lines_are_not(bare):
    report = logged(bare, b"\xef\xbb\xbf" + GOOD + b"\n[1]\n\xff\xfe\n{'a'}\n  \r\n" + GOOD)
    assert dict(report.taken) == {"page": 2, "click": 2} and report.repeated == 2
    assert dict(report.refused) == {"line is not a JSON object in UTF-8": 3}


def test_half_a_line_at_the_end_is_counted_and_a_whole_line_without_a_break_is_taken(bare):
    report = logged(bare, GOOD + lines(event("click", news_id="N1"))[:-9])
    assert report.taken.total() == 2 and dict(report.refused) == {"half a line at the end": 1}
    report = logged(bare, lines(event("click", news_id="N1"))[:-1])
    assert dict(report.taken) == {"click": 1} and not report.refused


def test_a_line_without_end_is_counted_once_and_the_next_lines_are_taken(bare):
    long = b'{"a": "' + b"x" * (3 * LONGEST_LINE) + b'"}\n'
    report = logged(bare, long + GOOD + long)
    assert report.taken.total() == 2 and dict(report.refused) == {"line longer than 1 MiB": 2}


def test_a_stream_is_logged_as_it_comes_and_not_at_its_end(bare):
    reading, writing = os.pipe()
    store, report = SqliteEvents(bare), LogReport()
    with os.fdopen(reading, "rb") as file:
        logs = threading.Thread(target=log_stream, args=(bare, file, report))
        logs.start()
        os.write(writing, GOOD)
        for _ in range(1000):
            if store.last() == 2:
                break
            threading.Event().wait(0.01)
        assert store.last() == 2
        os.close(writing)
        logs.join(10)


def test_a_file_may_be_gzip_and_damage_costs_what_is_behind_it(bare, tmp_path):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(GOOD))
    report = LogReport()
    log_file(bare, path, report)
    assert report.taken.total() == 2
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(CorpusError, match="damaged gzip file"):
        log_file(bare, path, report)
    with pytest.raises(InputError, match=r"nothing\.jsonl: cannot be read"):
        log_file(bare, tmp_path / "nothing.jsonl", report)


def test_the_command_prints_what_was_taken_and_fails_if_nothing_was(bare, tmp_path, command):
    path = tmp_path / "events.jsonl"
    path.write_bytes(GOOD + lines(event("click", news_id="N9")))
    code, out, _ = command("log", bare.path, path)
    assert code == 0 and out.splitlines()[0] == "taken: 2 events" and "unknown article (found 'N9'" in out
    path.write_bytes(lines(event("click", news_id="N9")))
    code, out, err = command("log", bare.path, path)
    assert code == 2 and "refused: 1 event" in out and "not one event was taken" in err


def test_a_file_without_events_is_told_as_such(bare, tmp_path, command):
    path = tmp_path / "events.jsonl"
    path.touch()
    assert command("log", bare.path, path) == (0, "taken: 0 events\nrefused: nothing\n", "")


def test_the_command_reads_standard_input(bare, command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    code, out, _ = command("log", bare.path, "-")
    assert code == 0 and out.startswith("taken: 2 events")


def test_a_stream_tells_a_log_now_and_then_what_was_taken(bare, monkeypatch, capsys):
    monkeypatch.setattr(event_lines, "EVERY", 0.0)
    logged(bare, GOOD + b"{}\n")
    assert capsys.readouterr().err == "events: 2 taken, 1 refused\n"
