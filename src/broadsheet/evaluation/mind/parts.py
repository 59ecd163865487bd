"""Parts of a folder of MIND: impressions before and after a moment, the first ones, a known subset; newest articles."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from broadsheet.errors import InputError
from broadsheet.tables.files import replacing

KEY = 12
"""Hexadecimal digits of an impression's key."""


def impression_key(line: bytes) -> str:
    """Return the key of a line of behaviors.tsv: a hash of what was read, shown and clicked, in whatever order.

    It names an impression where ids and user names were changed, and holds nothing of its articles.
    """
    history, shown = (sorted(column.split()) for column in (line.rstrip(b"\n").split(b"\t") + [b""] * 5)[3:5])
    return hashlib.sha256(b" ".join(history) + b"\t" + b" ".join(shown)).hexdigest()[:KEY]


def read_subset(path: Path) -> frozenset[str]:
    """Return the keys of all impressions of a file such as benchmarks/mind-subset.json; raises InputError."""
    try:
        parts = json.loads(path.read_text("utf-8"))["impressions"]
        return frozenset(key for keys in parts.values() for key in keys)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError(
            f"{path}: cannot be read ({error!r}), expected JSON whose `impressions` hold lists of keys."
        ) from error


def behaviors(folder: Path) -> Path:
    """Return the file of impressions of a folder of MIND, plain or gzip; raises InputError if there is none."""
    return _file(folder, "behaviors.tsv")


def files_of(folder: Path) -> tuple[Path, Path]:
    """Return the files of articles and impressions of a folder of MIND; raises InputError if one is missing."""
    return _file(folder, "news.tsv"), behaviors(folder)


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}: no such file, nor {name}.gz. Expected a folder of MIND, unpacked.")


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def impressions(folder: Path, subset: Collection[str] | None = None, limit: int | None = None) -> Iterator[bytes]:
    """Give the lines of a folder's impressions: those of the subset alone, and the first `limit` at most."""
    path = behaviors(folder)
    with _open(path) as lines:
        wanted = (line for line in lines if subset is None or impression_key(line) in subset)
        yield from islice(wanted, limit)


def moment_of(line: bytes) -> datetime:
    """Return when an impression was shown; raises InputError if its third column is no time of MIND."""
    column = line.split(b"\t")[2] if line.count(b"\t") > 1 else line
    try:
        return datetime.strptime(column.decode(), "%m/%d/%Y %I:%M:%S %p")
    except ValueError as error:
        raise InputError(
            f"behaviors.tsv: found {column!r:.80}, expected a time such as 11/14/2019 1:05:00 PM."
        ) from error


def last_day(lines: Iterator[bytes]) -> datetime:
    """Return the beginning of the last day on which an impression was shown; raises InputError if there is none."""
    latest = max(map(moment_of, lines), default=None)
    if latest is None:
        raise InputError("behaviors.tsv: no impression is left to train on. Check --subset and --limit.")
    return latest - timedelta(hours=latest.hour, minutes=latest.minute, seconds=latest.second)


def write_parts(
    source: Path, lines: Iterator[bytes], out: Path, part_of: Callable[[bytes], str], names: Collection[str]
) -> dict[str, int]:
    """Write a folder of MIND for each of `names`, the lines that `part_of` gives to it; return how many each has."""
    counts = dict.fromkeys(names, 0)
    news = _file(source, "news.tsv")
    for name in names:
        (out / name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(news, out / name / news.name)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(stack.enter_context(replacing(out / name / "behaviors.tsv")).open("wb"))
            for name in names
        }
        for line in lines:
            name = part_of(line)
            files[name].write(line)
            counts[name] += 1
    return counts


def split_by_time(source: Path, lines: Iterator[bytes], moment: datetime, out: Path) -> dict[str, int]:
    """Write OUT/before and OUT/after: the impressions before `moment`, and all others; return how many each has."""
    return write_parts(
        source, lines, out, lambda line: "before" if moment_of(line) < moment else "after", ("before", "after")
    )


def keep_articles(source: Path, articles: int, out: Path) -> int:
    """Write a folder of MIND whose articles are those that were shown or in a history last; return how many it has.

    Raises InputError if impressions name fewer than `articles` articles. Impressions are copied as they are: an import
    counts what they name of other articles.
    """
    seen: dict[bytes, datetime] = {}
    for line in impressions(source):
        moment = moment_of(line)
        history, shown = (column.split() for column in line.rstrip(b"\n").split(b"\t")[3:5])
        for news_id in [*history, *(candidate.rpartition(b"-")[0] for candidate in shown)]:
            seen[news_id] = max(moment, seen.get(news_id, moment))
    if len(seen) < articles:
        raise InputError(
            f"{behaviors(source)}: names {len(seen):,} articles, expected {articles:,}. Ask for fewer articles."
        )
    kept = set(sorted(seen, key=lambda news_id: (seen[news_id], news_id), reverse=True)[:articles])
    news, rows = files_of(source)
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(rows, out / rows.name)
    with _open(news) as lines, replacing(out / "news.tsv") as written, written.open("wb") as file:
        found = [line for line in lines if line.partition(b"\t")[0] in kept]
        file.writelines(found)
    return len(found)


def describe(folders: Mapping[str, Path]) -> dict[str, Any]:
    """Return what names a subset without its rows: hashes of files, the number of articles, keys of impressions."""
    files, keys = {}, {}
    for name, folder in folders.items():
        for path in files_of(folder):
            files[f"{name}/{path.name}"] = hash_of(path)
        keys[name] = [impression_key(line) for line in impressions(folder)]
    return {"files": files, "impressions": keys}


def hash_of(path: Path) -> dict[str, Any]:
    """Return a file's SHA-256, its bytes, and how many lines it has once it is unpacked."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with _open(path) as lines:
        return {"sha256": digest, "bytes": path.stat().st_size, "rows": sum(1 for _ in lines)}
