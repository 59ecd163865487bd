"""The benchmark of engines: a whole build by the local engine, by Ray, and by Ray with a worker killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.ray.worker import pages_folder
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import CLICKS, NEWS, STORIES, USERS

ENGINES = {
    "local": ["--engine", "local"],
    "Ray": ["--engine", "ray"],
    "Ray, a worker killed": ["--engine", "ray"],
}
TABLES = ("news_vectors", "user_vectors", "candidates", "ranked", "stories")


def measure_engines(source: Newsroom, *, articles: int, readers: int, stories: int, depth: int) -> dict[str, Any]:
    """Build copies of a part of a newsroom, one with each of ENGINES, and return the document.

    `stories` are written for each reader, 0 leaves the publisher's words; `depth` candidates of each are ranked.
    Nothing in the newsroom is changed. Raises InputError if a build fails, or ends before a worker is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        rooms = {name: Newsroom(Path(folder) / str(number)) for number, name in enumerate(ENGINES)}
        for room in rooms.values():
            _take_part(source, room, articles, readers)
            room.config_file.write_text(_settings(stories, depth), "utf-8")
        rows = {name: _build(rooms[name], name) for name in ENGINES}
        local = rooms["local"]
        return {
            "benchmark": "engines",
            **stamp(),
            "data": {"newsroom": source.path.name, "stories_a_reader": stories, "depth": depth},
            "counts": _counts(local),
            "tables": {name: _size(local, name) for name in TABLES},
            "rows": rows,
            "differences": {name: _differences(local, room) for name, room in rooms.items() if room is not local},
        }


def _take_part(whole: Newsroom, part: Newsroom, articles: int, readers: int) -> None:
    news = read_table(whole.news, NEWS).slice(0, articles)
    users = read_table(whole.users, USERS)
    known = news["news_id"].combine_chunks()
    lists = users["history"].combine_chunks()
    hits = pc.is_in(lists.flatten(), value_set=known)
    owners = pc.list_parent_indices(lists)
    read = pa.table({"row": owners.filter(hits)}).group_by("row").aggregate([("row", "count")])
    best = read.sort_by([("row_count", "descending"), ("row", "ascending")])["row"][:readers]
    write_table(part.news, news, NEWS)
    taken = users.take(pa.array(sorted(best.to_pylist()), pa.int64()))
    write_table(part.users, taken, USERS)
    (part.path / "readers.txt").write_text("\n".join(taken["user_id"].to_pylist()), "utf-8")
    if whole.clicks.is_file():
        clicks = read_table(whole.clicks, CLICKS)
        write_table(part.clicks, clicks.filter(pc.is_in(clicks["news_id"], value_set=known)), CLICKS)


def _settings(stories: int, depth: int) -> str:
    writing = f"stories = {stories}" if stories else 'writer = ""'
    return f'clock = "latest"\n[rerank]\ndepth = {depth}\n[generate]\n{writing}\n'


def _build(room: Newsroom, name: str) -> dict[str, Any]:
    readers = room.path / "readers.txt"
    command = [
        sys.executable,
        "-m",
        "broadsheet.cli.app",
        "build",
        str(room.path),
        "--users",
        str(readers),
        *ENGINES[name],
    ]
    started = time.perf_counter()
    process = psutil.Popen(command, stderr=subprocess.DEVNULL)
    killed = _kill_a_worker(process, room) if "killed" in name else None
    if process.wait():
        raise InputError(f"{name}: the build failed. Run it by hand to see why: {' '.join(command)}")
    wall = time.perf_counter() - started
    return {"wall_s": round(wall, 1), "stages": room.current().read_manifest()["seconds"], "killed": killed}


def _kill_a_worker(build: psutil.Popen, room: Newsroom) -> dict[str, int]:
    """Kill a worker once the first part of the pages is there; returns how many parts there were."""
    pages = pages_folder(room.building)
    while build.poll() is None:
        parts = len(list(pages.glob("*/ranked/*.arrow")))
        workers = [one for one in build.children(recursive=True) if _is_worker(one)] if parts else []
        if workers:
            workers[0].kill()
            return {"parts_there": parts}
        time.sleep(0.02)
    raise InputError("the build ended before a worker could be killed. Take more readers.")


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("ray::") and "Worker" in process.name()
    except psutil.NoSuchProcess:
        return False


def _counts(room: Newsroom) -> dict[str, int]:
    edition = room.current()
    texts = read_table(edition.stories, STORIES)["content_hash"]
    return {
        "articles": len(read_table(edition.news, NEWS)),
        "readers": len(read_table(edition.users, USERS)),
        "texts_written": pc.count_distinct(texts).as_py(),
    }


def _size(room: Newsroom, name: str) -> dict[str, int]:
    return {"rows": len(_open(room, name)), "bytes": getattr(room.current(), name).stat().st_size}


def _differences(one: Newsroom, other: Newsroom) -> dict[str, list[str]]:
    """Return the differences of each table; empty if the tables are equal to the byte."""
    return {name: _difference(*(_open(room, name) for room in (one, other))) for name in TABLES}


def _open(room: Newsroom, name: str) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(getattr(room.current(), name)))).read_all()


def _difference(one: pa.Table, other: pa.Table) -> list[str]:
    if not one.schema.equals(other.schema, check_metadata=True):
        return ["schema"]
    if len(one) != len(other):
        return [f"{len(one)} rows against {len(other)}"]
    return [_describe(name, one[name], other[name]) for name in one.column_names if not one[name].equals(other[name])]


def _describe(name: str, one: pa.ChunkedArray, other: pa.ChunkedArray) -> str:
    if pa.types.is_floating(one.type):
        return f"{name}: by {pc.max(pc.abs(pc.subtract(one, other))).as_py():.2g} at most"
    if pa.types.is_fixed_size_list(one.type):
        flat = [pc.list_flatten(column) for column in (one, other)]
        return f"{name}: by {pc.max(pc.abs(pc.subtract(*flat))).as_py():.2g} at most"
    pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
    return f"{name}: {sum(a != b for a, b in pairs)} of {len(one)} rows"


def report_engines(document: dict[str, Any]) -> Report:
    """Return the document with the seconds as a table, and the differences in sentences."""
    stages, counts = list(document["rows"]["local"]["stages"]), document["counts"]
    head = ["engine", "whole command, s", *(f"{stage}, s" for stage in stages)]
    rows = (
        [name, f"{row['wall_s']:.1f}", *(f"{row['stages'][stage]:.1f}" for stage in stages)]
        for name, row in document["rows"].items()
    )
    lines = [*table(head, rows), "", "Under Ray, retrieve makes whole pages: retrieval and re-ranking together.", ""]
    for name, tables in document["differences"].items():
        differ = ", ".join(f"{changed} ({'; '.join(what)})" for changed, what in tables.items() if what)
        lines.append(f"- {name}: " + (differ or "all tables equal the local engine's to the byte"))
    lines += [
        "",
        f"{counts['articles']:,} articles, {counts['readers']:,} readers, {counts['texts_written']:,} texts written, "
        f"{document['data']['depth']} candidates a reader re-ranked, "
        f"{document['machine']['cores']} cores, {document['date'][:10]}, commit {document['commit'][:7]}.",
    ]
    return Report("engines", document, lines)
