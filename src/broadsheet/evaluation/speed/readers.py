"""The benchmark of readers: how many a second go from their history to a ranked page, in blocks and alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.config.rerank import Weights
from broadsheet.corpus.impressions import read_split
from broadsheet.errors import CorpusError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.speed.peak_memory import peak_memory
from broadsheet.evaluation.speed.report import processor
from broadsheet.models.threads import in_order
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.stages import USERS_AT_ONCE
from broadsheet.progress import Say, track
from broadsheet.tables.arrow_files import from_rows, open_writer
from broadsheet.tables.schemas import RANKED, USERS
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import Workbench, open_workbench

STORIES = 20
WITHOUT, WITH = "without the cross-encoder", "with the cross-encoder"


@dataclass(frozen=True)
class ReadersTask:
    """What is measured."""

    split: str
    "The split of impressions whose histories the readers have."
    counts: Sequence[int]
    "Readers of the measurements in blocks without the cross-encoder, one measurement for each count."
    read: Sequence[int]
    "The same with the cross-encoder, which takes longer."
    alone: int
    "Readers who are ranked one by one."


def measure_readers(newsroom: Newsroom, task: ReadersTask, say: Say) -> dict[str, Any]:
    """Measure both kinds of ranking and return the document; the kind with the cross-encoder only if there is one."""
    rows: dict[str, Any] = {}
    histories = _histories(_open(newsroom, reads=False), task.split)
    for name, counts in ((WITHOUT, task.counts), (WITH, task.read)):
        bench = _open(newsroom, reads=name == WITH)
        if name == WITH and bench.models.scorer is None:
            say("No cross-encoder: its rows are left out.")
            continue
        rank(bench, bench.readers(next(_blocks(histories, 8))), bench.data.as_of, STORIES)  # loads what is loaded once
        rows[name] = {
            "alone": _alone(bench, histories, task.alone),
            "blocks": {str(count): _in_blocks(bench, histories, count) for count in counts},
        }
        articles = len(bench.data.catalogue)
    return {
        **stamp(),
        "processor": processor(),
        "cores": _cores(),
        "articles": articles,
        "histories": len(histories),
        "stories": STORIES,
        "block": USERS_AT_ONCE,
        "rows": rows,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _open(newsroom: Newsroom, *, reads: bool) -> Workbench:
    """Open the current edition, whose ranking asks the cross-encoder if `reads`, by the weights of the settings."""
    edition, config = newsroom.current(), newsroom.config()
    weights = config.rerank.weights
    weight = (weights.relevance or Weights().relevance) if reads else 0.0
    config = replace(config, rerank=replace(config.rerank, weights=replace(weights, relevance=weight)))
    bench = open_workbench(EditionModels(newsroom, config), edition)
    _ = bench.data.catalogue, bench.retriever, bench.reranker
    return bench


def _histories(bench: Workbench, split: str) -> list[list[str]]:
    """Return the history of each impression of a split; raises CorpusError if there is none."""
    found = [one.history for one in read_split(bench.data.newsroom, bench.data.catalogue, split).impressions]
    if not found:
        raise CorpusError(f"split {split}: found no impressions, whose histories are measured. Name another --split.")
    return found


def _blocks(histories: Sequence[Sequence[str]], count: int) -> Iterator[pa.Table]:
    """Yield `count` readers in tables users of one block each; histories are drawn again if there are too few."""
    draw = np.random.default_rng(0)
    chosen = np.arange(count) if count <= len(histories) else draw.integers(0, len(histories), count)
    for start in track(range(0, count, USERS_AT_ONCE), f"{count} readers", total=count, weight=USERS_AT_ONCE):
        numbers = range(start, min(start + USERS_AT_ONCE, count))
        read = {f"reader {number}": histories[chosen[number]] for number in numbers}
        yield from_rows([{"user_id": n, "history": ids, "profile": "", "hidden": []} for n, ids in read.items()], USERS)


def _in_blocks(bench: Workbench, histories: Sequence[Sequence[str]], count: int) -> dict[str, float | None]:
    """Rank readers in blocks as a night does, and write their pages into a file that is removed again."""

    def ranked(users: pa.Table) -> pa.Table:
        return rank(bench, bench.readers(users), bench.data.as_of, STORIES).ranked

    cores = 1 if bench.models.scorer else _cores()  # a cross-encoder takes all cores by itself
    with TemporaryDirectory() as folder, peak_memory() as peak:
        started, worked = time.perf_counter(), time.process_time()
        with open_writer(Path(folder) / "ranked.arrow", RANKED) as writer:
            for table in in_order(ranked, _blocks(histories, count), cores):
                writer.write(table)
        seconds, processor_seconds, memory = time.perf_counter() - started, time.process_time() - worked, peak()
    return {
        "readers_per_s": round(count / seconds, 1),
        "processor_ms": round(1000 * processor_seconds / count, 2),
        "peak_gb": memory,
    }


def _alone(bench: Workbench, histories: Sequence[Sequence[str]], count: int) -> dict[str, float]:
    """Rank readers one by one, as requests do."""
    taken, worked = [], time.process_time()
    for block in _blocks(histories, count):
        for reader in bench.readers(block):
            started = time.perf_counter()
            rank(bench, [reader], bench.data.as_of, STORIES)
            taken.append(1000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(taken, [50, 99])
    return {
        "readers_per_s": round(1000 * count / sum(taken), 1),
        "processor_ms": round(1000 * (time.process_time() - worked) / count, 2),
        "p50_ms": round(float(p50), 1),
        "p99_ms": round(float(p99), 1),
    }
