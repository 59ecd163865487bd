"""Files with random damage through the importers: no crash, no row lost without a count, bounded time and memory."""

import csv
import gzip
import io
import json
import random
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from broadsheet.errors import BroadsheetError
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.mind import import_mind
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.tables.files import remove_folder

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "csv.gz", "jsonl.gz", "mind")
MOST_SECONDS = 20.0
"""Most time of one file. A file has 12 rows; the bound leaves room for a busy machine."""
_TEXTS = (
    *(
        b'"',
        b'""',
        b'\\"',
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b",",
        b";",
        b"|",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\xbd",
    ),
    *(b"\\ud83d", b"[", b"]", b"{", b"}", b":", b"NULL", b"NaN", b"-1", b"1e999", b"9" * 400, b"9" * 5000, b"[" * 3000),
    *(b'{"a":' * 3000, b"\xe2\x80\xae", b" " * 100, b"20260230", b"null", b"true", b"1970-01-01"),
)


@dataclass
class Damage:
    """What one damaged file did."""

    seed: int
    problems: list[str] = field(default_factory=list)
    "What went wrong, in words; empty if nothing did."
    is_refused: bool = False
    rows: int = 0
    "Rows that were delivered."
    seconds: float = 0.0


def fuzz(kind: str, seeds: range, folder: Path) -> list[Damage]:
    """Damage a small table of one of FORMATS with each seed, and read and import it; `folder` is used for the files."""
    found = []
    for seed in seeds:
        damage, started = Damage(seed), time.monotonic()
        content = _content(kind, seed)
        try:
            (_mind if kind == "mind" else _file)(kind, content, folder, damage)
        except BroadsheetError:
            damage.is_refused = True
        except Exception as error:  # what the user would meet as a traceback
            damage.problems.append(f"{type(error).__name__}: {str(error)[:200]}")
        damage.seconds = time.monotonic() - started
        if damage.seconds > MOST_SECONDS:
            damage.problems.append(f"took {damage.seconds:.0f} s")
        found.append(damage)
    return found


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def table_as(kind: str) -> bytes:
    """Return a table of 12 articles with texts of every sort, as a file of one of FORMATS."""
    rows: list[dict[str, Any]] = [
        {
            "news_id": f"n{number}",
            "title": f'Title {number}, with "marks" and ünï',
            "body": "A text; of | two, sentences.\tAnd a tab. " * 3,
            "published_at": f"2026-01-{number + 1:02}T12:00:00Z",
        }
        for number in range(12)
    ]
    plain, _, packed = kind.partition(".")
    content = _WRITERS[plain](rows)
    return gzip.compress(content, mtime=0) if packed else content


def _as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), sink, row_group_size=5)
    return sink.getvalue()


_WRITERS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "csv": _as_csv,
    "tsv": lambda rows: _as_csv(rows, "\t"),
    "jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "json": lambda rows: json.dumps(rows, indent=1).encode(),
    "parquet": _as_parquet,
}


def _content(kind: str, seed: int) -> bytes:
    """Return a damaged file; of packed files, every second is damaged before it is packed or keeps all its places."""
    rng, plain = random.Random(seed), kind.partition(".")[0]
    if plain == "mind":
        return damaged(table_as("tsv"), rng)
    if seed % 2 and kind.endswith(".gz"):
        return gzip.compress(damaged(table_as(plain), rng), mtime=0)
    content = table_as(kind)
    if seed % 2 and kind == "parquet":
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content))
            content = content[:at] + rng.randbytes(1) + content[at + 1 :]
        return content
    return damaged(content, rng)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return a content after one to four changes: bytes changed, cut out, doubled, moved, or put in from a list."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.choice([1, 1, 3, 20, 200]))
        part = content[at:end]
        content = rng.choice(
            [
                content[:at] + rng.randbytes(len(part)) + content[end:],
                content[:at] + rng.choice(_TEXTS) + content[at:],
                content[:at] + rng.choice(_TEXTS) + content[end:],
                content[:at] + content[end:],
                content[:end] + part + content[end:],
                content[end:] + part + content[:at],
                content[:at],
            ]
        )
    return content


def _file(kind: str, content: bytes, folder: Path, damage: Damage) -> None:
    path = folder / f"news.{kind}"
    path.write_bytes(content)
    skipped: list[str] = []
    names = column_names(path)
    rows = list(read_rows(path, names, skipped.append))
    damage.rows = len(rows)
    expected, accounted = (
        _rows_in(kind, path),
        len(skipped) + sum(map(_lines_of, rows) if "sv" in kind else [len(rows)]),
    )
    may_have_lines = "sv" in kind and "invalid UTF-8" in skipped  # such a row counts once, however many lines it has
    if expected is not None and accounted < expected and not may_have_lines:
        damage.problems.append(f"{expected} rows in, {accounted} taken or counted")
    room = Newsroom(folder / "newsroom")
    remove_folder(room.path)
    report = import_tables(room, path, None, None, {})
    counted = sum(count for reason, count in report.skipped.items() if reason.startswith("news: "))
    if report.taken["news"] + counted != len(rows) + len(skipped):
        damage.problems.append(f"{len(rows) + len(skipped)} rows read, {report.taken['news']} taken, {counted} counted")


def _mind(kind: str, content: bytes, folder: Path, damage: Damage) -> None:
    room = Newsroom(folder / "newsroom")
    remove_folder(room.path)
    (folder / "news.tsv").write_bytes(content)
    (folder / "behaviors.tsv").write_bytes(b"1\tu\t11/15/2019 8:00:00 AM\tn0 n1\tn2-1 n3-0\n")
    report = import_mind(folder, room, "train")
    damage.rows = report.taken["news"]
    counted = sum(count for reason, count in report.skipped.items() if reason.startswith("news: "))
    lines = len(content.removesuffix(b"\n").split(b"\n"))
    if damage.rows + counted != lines:
        damage.problems.append(f"{lines} rows in, {damage.rows} taken, {counted} counted")


def _rows_in(kind: str, path: Path) -> int | None:
    """Return how many rows a file has at the least, counted without the importer; None where that cannot be told."""
    if kind == "parquet":
        with parquet.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    content = gzip.decompress(path.read_bytes()) if kind.endswith("gz") else path.read_bytes()
    lines = [line for line in re.split(rb"\r?\n", content) if line.strip(b"\r" if "sv" in kind else None)]
    if kind.startswith("json"):
        is_array = lines and lines[0].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
        return len(json.loads(content)) if is_array else len(lines)
    has_plain_header = b'"' not in lines[0] and b"\r" not in content
    return len(lines) - 1 if has_plain_header else None


def _lines_of(row: dict[str, Any]) -> int:
    """Return how many lines of a delimited file a row was at the least: a quoted cell may have several."""
    text = "".join(value or "" for value in row.values())
    return 1 + text.count("\n")
