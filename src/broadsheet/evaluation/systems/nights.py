"""The benchmark of nights: a first build, a build after 1 % of the articles changed, and a build after no change."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin
from broadsheet.importers.transaction import Import
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS, USERS

STAGES = ("encode", "index", "retrieve", "rerank", "generate", "digest", "check")
OF_READERS = ("retrieve", "rerank", "generate")
"""Stages whose cost depends on the number of readers, and not on the changed articles."""
CHANGED = 0.01
CONFIG = 'clock = "latest"\n[generate]\nwriter = ""\n'


def measure_nights(source: Path, *, size: int, readers: int, work: Path | None) -> dict[str, Any]:
    """Build a newsroom of `size` articles, made from those of `source`, on three nights; return the document.

    `readers` is for how many readers each edition is built. `work` is an empty folder to work in; None takes a
    temporary one. The newsroom `source` stays as it is.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        room = Path(folder) / "newsroom"
        users = _make(source, room, size, readers)
        data = {"articles": size, "readers": len(users.read_text("utf-8").splitlines())}
        rows = {"first": _build(room, users)}
        _change(source, room, size)
        rows["1 % changed"] = _build(room, users)
        rows["nothing changed"] = _build(room, users)
    for row in rows.values():
        row["share_of_first"] = round(row["seconds"] / rows["first"]["seconds"], 4)
    return {"benchmark": "nightly", **stamp(), "data": data, "rows": rows}


def _make(source: Path, target: Path, size: int, readers: int) -> Path:
    """Make the newsroom, and return a file with the ids of its readers."""
    users = read_table(Newsroom(source).users, USERS)
    known = [row for row in users.to_pylist() if row["history"] or row["profile"]][:readers]
    with Import(Newsroom(target)) as add:
        add.news(repeated_articles(source, range(size)))
        add.users(known)
    Newsroom(target).config_file.write_text(CONFIG, "utf-8")
    ids = target / "readers.txt"
    ids.write_text("".join(f"{row['user_id']}\n" for row in known), "utf-8")
    return ids


def _change(source: Path, target: Path, size: int) -> None:
    """Give half of the changed articles another text, and add as many new ones."""
    half = max(1, round(size * CHANGED / 2))
    with Import(Newsroom(target)) as add:
        changed = repeated_articles(source, range(0, size, size // half))
        add.news(row | {"title": f"Updated: {row['title']}"} for row in changed)
        add.news(repeated_articles(source, range(size, size + half)))


def repeated_articles(source: Path, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Yield the articles of these numbers: those of the source in its order, again and again."""
    news = read_table(Newsroom(source).news, NEWS).to_pylist()
    for number in numbers:
        repeat, place = divmod(number, len(news))
        article = news[place]
        if repeat:
            words = f"{article['title']} {article['abstract']}".split()
            kept = words[min(repeat, len(words) - 1) :]
            own = {"title": " ".join(kept[:12]), "abstract": " ".join(kept[12:])}
            article = article | own | {"news_id": f"{article['news_id']}-{repeat}"}
        yield article


def _build(room: Path, users: Path) -> dict[str, Any]:
    """Build in a process of its own and return what it took."""
    log = room / "build.jsonl"
    log.unlink(missing_ok=True)
    started = time.perf_counter()
    command = [sys.executable, "-m", "broadsheet.cli.app", "build", str(room), "--users", str(users)]
    subprocess.run([*command, "--log-json", str(log)], check=True)
    seconds = time.perf_counter() - started
    events = {event["stage"]: event for event in map(json.loads, log.read_text("utf-8").splitlines())}
    return {
        "seconds": round(seconds, 1),
        "stages": {name: events[name]["seconds"] for name in STAGES},
        "for_readers": round(sum(events[name]["seconds"] for name in OF_READERS), 1),
        "encoded": events["encode"]["counts"]["encoded"],
        "reused": events["encode"]["counts"]["reused"],
        "said": {name: events[name]["what"] for name in STAGES},
    }


def report_nights(document: dict[str, Any]) -> Report:
    """Return the document with a table of seconds by stage."""
    stages = list(document["rows"]["first"]["stages"])
    head = ["build", "seconds", "of which for readers", "share of the first", "encoded", "taken over", *stages]
    rows = (
        [
            name,
            f"{row['seconds']:.1f}",
            f"{row['for_readers']:.1f}",
            f"{row['share_of_first']:.1%}",
            f"{row['encoded']:,}",
            f"{row['reused']:,}",
            *(f"{seconds:.1f}" for seconds in row["stages"].values()),
            f"{row['seconds'] - sum(row['stages'].values()):.1f}",
        ]
        for name, row in document["rows"].items()
    )
    data = document["data"]
    lines = [
        *table([*head, "the rest"], rows),
        "",
        f"{data['articles']:,} articles, {data['readers']:,} readers; a process of its own for each build, whose start "
        "and models are in the rest; texts for readers not written.",
        "",
        origin(document),
    ]
    return Report("nightly", document, lines)
