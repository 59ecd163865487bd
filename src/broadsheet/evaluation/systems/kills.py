"""Processes killed while they add, withdraw, build and publish: whether anything acknowledged is lost or doubled."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.evaluation.report.document import stamp
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_edition, verify_journal
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS

ENDS = ("built", "gone")
"""The last message of a process."""
KINDS = ("add", "withdraw", "build", "publish")
FORKS = multiprocessing.get_context("forkserver")
PRELOAD = [
    "broadsheet.pipeline",
    "broadsheet.retrieval.towers.trained",
    "broadsheet.rerank.cross_encoder.training",
    "broadsheet.index_build",
]
PRELOAD += ["broadsheet.generate.writers.local", "transformers.models.bert.modeling_bert", "peft", "pandas"]
LONGEST = 1.0
"""Seconds in which a process that adds or withdraws is killed."""
FEWEST = 30
"""Articles below which none is withdrawn."""

Titles = dict[str, str]


def work(path: Path, kind: str, seed: int, reader: str, link: Connection) -> None:
    """Do calls of one kind until killed; a publication ends by itself if it was not killed."""
    rng, room = random.Random(seed), Newsroom(path)
    pipeline = Pipeline.open(path)
    pipeline.run(reader, 1)  # loads what is loaded late
    link.send("ready")
    while kind in ("add", "withdraw"):
        known = sorted(pipeline.bench.data.catalogue.row_of)
        if kind == "add" or len(known) < FEWEST:
            ids = [*rng.sample(known, 2), *(f"late-{rng.random()}" for _ in range(3))]
            title = f"Late {rng.random()}"
            say_around(link, dict.fromkeys(ids, title), partial(pipeline.add, articles(ids, title)))
        else:
            ids = rng.sample(known, 2)
            say_around(link, dict.fromkeys(ids, ""), partial(pipeline.withdraw, ids))
    title = f"Before the night {seed}"
    news_id = f"night-{seed}"
    say_around(link, {news_id: title}, partial(pipeline.add, articles([news_id], title)))
    if kind == "publish":
        kill_at(rng.randrange(1, 40))
    build(room, [reader])
    for old in room.editions()[:-3]:  # as a night with retention does
        shutil.rmtree(old.path)
    link.send("built")


def say_around(link: Connection, titles: Titles, call: Callable[[], Any]) -> None:
    """Send what a call will do, do it, and send that it returned."""
    link.send(("begin", titles))
    call()
    link.send(("done", titles))


def articles(ids: list[str], title: str) -> list[dict[str, Any]]:
    """Return late articles of one title."""
    now = datetime.now(UTC)
    return [{"news_id": news_id, "title": title, "abstract": "As told.", "published_at": now} for news_id in ids]


def kill_at(number: int) -> None:
    """Die by SIGKILL before the operation on files of that number: audit hooks come first."""
    left = number

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in ("os.rename", "os.symlink", "os.link", "os.remove"):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


WIDE_GATE = "[gate]\nmax_lost = 1.0\nmax_fewer = 1.0\nmax_centroid_shift = 2.0\nmax_changed_neighbours = 1.0\n"
"""Every article may come and go in these rounds, which no ordinary night does."""


class Ledger:
    """What was acknowledged: the title of each article, and none for one that was withdrawn."""

    def __init__(self, titles: Titles) -> None:
        self.titles, self.open = dict(titles), dict[str, str]()
        self.acknowledged = 0
        self.spans = dict[str, float]()
        "Seconds within which a process of a kind is killed, where it is not LONGEST."

    def hear(self, message: object) -> None:
        """Note a message that a process sent."""
        if isinstance(message, tuple):
            event, titles = message
            self.open = titles if event == "begin" else {}
            if event == "done":
                self.acknowledged += 1
                self._enter(titles)

    def compare(self, found: Titles) -> list[str]:
        """Return what differs; the call that was cut short counts as done if any of it is found, and then whole."""
        before, self.open = self.open, {}
        if before and all(found.get(news_id, "") == title for news_id, title in before.items()):
            self._enter(before)
        names = found.keys() | self.titles.keys()
        pairs = [(name, self.titles.get(name), found.get(name)) for name in sorted(names)]
        return [f"{name}: acknowledged {ours!r}, found {theirs!r}" for name, ours, theirs in pairs if ours != theirs]

    def _enter(self, titles: Titles) -> None:
        for news_id, title in titles.items():
            self.titles.pop(news_id, None)
            if title:
                self.titles[news_id] = title


def one_round(path: Path, kind: str, seed: int, reader: str, ledger: Ledger) -> bool:
    """Run one process and kill it; returns whether it died by the kill."""
    rng = random.Random(seed)
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=work, args=(path, kind, seed, reader, theirs))
    process.start()
    theirs.close()
    try:
        assert ours.recv() == "ready"
        end = time.monotonic() + (math.inf if kind == "publish" else rng.uniform(0, ledger.spans.get(kind, LONGEST)))
        message: object = None
        while message not in ENDS and (left := end - time.monotonic()) > 0:
            if ours.poll(min(left, 60)):
                message = _hear(ours, ledger)
        if message != "gone":
            process.kill()
        process.join()
        while message not in ENDS and ours.poll():  # what it told before it died
            message = _hear(ours, ledger)
    finally:
        process.kill()
        process.join()
        ours.close()
    assert message == "built" or process.exitcode == -signal.SIGKILL, "it failed by itself"
    return message != "built"


def _hear(link: Connection, ledger: Ledger) -> object:
    """Return the next message of a process, or "gone" if the process has ended."""
    try:
        message = link.recv()
    except (EOFError, ConnectionResetError):
        return "gone"
    ledger.hear(message)
    return message


def shown(path: Path) -> tuple[Titles, list[str]]:
    """Return what a pipeline opened now shows, id and title, and what is wrong with the newsroom."""
    room = Newsroom(path)
    problems = verify_edition(room.current()) + verify_journal(room)
    bench = Pipeline.open(path).bench
    catalogue = bench.data.catalogue
    ids, titles = (catalogue.news.column(name).to_pylist() for name in ("news_id", "title"))
    there = [(news_id, title) for news_id, title, gone in zip(ids, titles, catalogue.gone, strict=True) if not gone]
    counts = Counter(news_id for news_id, _ in there)
    problems += [f"{news_id}: there {count} times" for news_id, count in counts.items() if count > 1]
    return dict(there), problems


def measure_kills(newsroom: Path, rounds: int, seed: int, say: Say) -> dict[str, Any]:
    """Kill `rounds` processes at work on a copy of a newsroom with an edition, and return the document.

    Raises NewsroomError at the first article that is lost, twice there or unsound.
    """
    FORKS.set_forkserver_preload(PRELOAD)
    kills: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copytree(newsroom, Path(folder) / "newsroom", symlinks=True))
        with (path / "broadsheet.toml").open("a", encoding="utf-8") as settings:
            settings.write(WIDE_GATE)
        reader = read_table(Newsroom(path).users, USERS).column("user_id")[0].as_py()
        build(Newsroom(path), [reader])
        ledger, number, started = Ledger(shown(path)[0]), 0, time.monotonic()
        build(Newsroom(path), [reader])
        ledger.spans["build"] = 1.5 * (time.monotonic() - started)
        while sum(kills.values()) < rounds:
            kind, number = KINDS[number % len(KINDS)], number + 1
            killed = one_round(path, kind, 1000 * seed + number, reader, ledger)
            kills[kind] += killed
            _check(path, ledger, f"round {number}, {kind}")
            say(f"{number}: {kind} {'killed' if killed else 'ended'}, {ledger.acknowledged} calls")
        build(Newsroom(path), [reader])
        _check(path, ledger, "the build after all rounds")
    return {
        **stamp(),
        **{"articles": len(ledger.titles), "seed": seed, "processes": number, "kills": dict(kills)},
        **{"acknowledged_calls": ledger.acknowledged, "lost": 0, "twice": 0, "unsound": 0},
    }


def _check(path: Path, ledger: Ledger, when: str) -> None:
    found, problems = shown(path)
    if wrong := [*ledger.compare(found)[:20], *problems[:20]]:
        raise NewsroomError("\n".join([f"after {when}:", *wrong]))
