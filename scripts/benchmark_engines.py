"""Measure a whole build by the local engine beside Ray's on local workers, and beside Ray's with a worker killed.

Three copies of a part of a newsroom are built, each by a command of its own, and their tables are compared: schema,
rows and the bytes of each column. The local engine has all cores in one process; Ray has a worker of one thread for
each. The machine must be quiet.

Example: python scripts/benchmark_engines.py newsroom --articles 4000 --readers 256 --out benchmarks/results
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import typer

ENGINES = {
    "local": ["--engine", "local"],
    "Ray": ["--engine", "ray"],
    "Ray, a worker killed": ["--engine", "ray"],
}
TABLES = ("news_vectors", "user_vectors", "candidates", "ranked", "stories")


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with users; nothing in it is changed.")],
    articles: Annotated[int, typer.Option(help="Articles taken, the first.")] = 4000,
    readers: Annotated[int, typer.Option(help="Readers taken, those who read most of these articles.")] = 256,
    stories: Annotated[int, typer.Option(help="Stories written for each reader; 0: the publisher's words.")] = 2,
    depth: Annotated[int, typer.Option(help="Candidates of each reader that the cross-encoder reads.")] = 60,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print the seconds of each engine, and whether the tables are equal."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.files import write_json, write_text

    check_output(out)
    with tempfile.TemporaryDirectory() as folder:
        rooms = {name: Newsroom(Path(folder) / str(number)) for number, name in enumerate(ENGINES)}
        for room in rooms.values():
            _take_part(Newsroom(newsroom), room, articles, readers)
            room.config_file.write_text(_settings(stories, depth), "utf-8")
        rows = {name: _build(rooms[name], name) for name in ENGINES}
        local = rooms["local"]
        document = {
            "benchmark": "engines",
            **stamp(Path(__file__).parent),
            "data": {"newsroom": newsroom.name, "stories_a_reader": stories, "depth": depth},
            "counts": _counts(local),
            "tables": {name: _size(local, name) for name in TABLES},
            "rows": rows,
            "differences": {name: _differences(local, room) for name, room in rooms.items() if room is not local},
        }
    markdown = to_markdown(document)
    print(markdown)
    if out:
        write_json(out / "engines.json", document)
        write_text(out / "engines.md", markdown)


def _take_part(whole: Any, part: Any, articles: int, readers: int) -> None:  # noqa: ANN401
    from broadsheet.tables.arrow_files import read_table, write_table
    from broadsheet.tables.schemas import CLICKS, NEWS, USERS

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


def _build(room: Any, name: str) -> dict[str, Any]:  # noqa: ANN401
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
        raise SystemExit(f"{name}: the build failed; run it by hand: {' '.join(command)}")
    wall = time.perf_counter() - started
    return {"wall_s": round(wall, 1), "stages": room.current().read_manifest()["seconds"], "killed": killed}


def _kill_a_worker(build: psutil.Popen, room: Any) -> dict[str, int]:  # noqa: ANN401
    """Kill a worker once the first part of the pages is there; returns how many parts there were."""
    from broadsheet.nightly.ray.worker import pages_folder

    pages = pages_folder(room.building)
    while build.poll() is None:
        parts = len(list(pages.glob("*/ranked/*.arrow")))
        workers = [one for one in build.children(recursive=True) if _is_worker(one)] if parts else []
        if workers:
            workers[0].kill()
            return {"parts_there": parts}
        time.sleep(0.02)
    raise SystemExit("the build ended before a worker could be killed: take more readers")


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("ray::") and "Worker" in process.name()
    except psutil.NoSuchProcess:
        return False


def _counts(room: Any) -> dict[str, int]:  # noqa: ANN401
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import NEWS, STORIES, USERS

    edition = room.current()
    texts = read_table(edition.stories, STORIES)["content_hash"]
    return {
        "articles": len(read_table(edition.news, NEWS)),
        "readers": len(read_table(edition.users, USERS)),
        "texts_written": pc.count_distinct(texts).as_py(),
    }


def _size(room: Any, name: str) -> dict[str, int]:  # noqa: ANN401
    return {"rows": len(_open(room, name)), "bytes": getattr(room.current(), name).stat().st_size}


def _differences(one: Any, other: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Return for each table what differs; empty where it is equal to the byte."""
    return {name: _difference(*(_open(room, name) for room in (one, other))) for name in TABLES}


def _open(room: Any, name: str) -> pa.Table:  # noqa: ANN401
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


def to_markdown(document: dict[str, Any]) -> str:
    """Return the seconds and the differences as tables."""
    rows = document["rows"]
    stages = list(rows["local"]["stages"])
    lines = [f"| engine | whole command, s | {' | '.join(f'{stage}, s' for stage in stages)} |"]
    lines.append("|---" * (len(stages) + 2) + "|")
    for name, row in rows.items():
        cells = (f"{row['stages'][stage]:.1f}" for stage in stages)
        lines.append(f"| {name} | {row['wall_s']:.1f} | {' | '.join(cells)} |")
    lines += ["", "Under Ray, retrieve makes whole pages: retrieval and re-ranking together.", ""]
    for name, tables in document["differences"].items():
        differ = [f"{table} ({'; '.join(what)})" for table, what in tables.items() if what]
        lines.append(
            f"- {name}: " + (", ".join(differ) if differ else "all tables equal the local engine's to the byte")
        )
    counts = document["counts"]
    lines += [
        "",
        f"{counts['articles']:,} articles, {counts['readers']:,} readers, {counts['texts_written']:,} texts written, "
        f"{document['data']['depth']} candidates a reader re-ranked, "
        f"{document['machine']['cores']} cores, {document['date'][:10]}, commit {document['commit'][:7]}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from command import run

    run(measure)
