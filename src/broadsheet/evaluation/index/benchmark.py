"""The benchmark of indexes: recall against speed at every effort, in rounds that all indexes take in turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import faiss
import numpy as np
import pyarrow as pa

from broadsheet.evaluation.index.engines import Engine, open_engine, peak_memory
from broadsheet.evaluation.index.report import curve
from broadsheet.evaluation.index.vectors import compare, make_table
from broadsheet.evaluation.report.document import stamp
from broadsheet.index_build import Goal, build_index
from broadsheet.index_build.measure import BATCH, Exact, search_exactly, shares_found
from broadsheet.newsroom import Newsroom
from broadsheet.offline.workbenches import open_bench
from broadsheet.progress import Say
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.files import write_json
from broadsheet.tables.vectors import MappedVectors
from broadsheet.workbench.reader_vectors import sample_user_vectors

OTHERS = ("hnswlib", "usearch f16", "usearch i8")
SIZES = (0, 200_000, 1_000_000)
K = 100


@dataclass(frozen=True)
class IndexTask:
    """What is compared, and how."""

    work: Path
    "Folder for vectors and indexes, kept for the next run."
    sizes: Sequence[int]
    "Numbers of vectors; 0 is the articles' own."
    names: Sequence[str]
    "Indexes measured beside the one that auto chooses: OTHERS, or kinds of ours."
    goal: Goal
    "What is asked of auto."
    rounds: int
    threads: int
    measured: bool
    "Whether the indexes are measured, or only built."


def measure_index(newsroom: Newsroom, task: IndexTask, report: Say) -> dict[str, Any]:
    """Return the document: for each size what auto chose, and recall and queries a second of all indexes."""
    task.work.mkdir(parents=True, exist_ok=True)
    faiss.omp_set_num_threads(task.threads)
    vectors, queries = read_vectors(newsroom, task.work)
    sizes: dict[str, Any] = {}
    for count in task.sizes:
        size = count or len(vectors)
        rows = make_table(vectors, size, task.work / f"vectors-{size}.arrow")
        auto = _auto(rows, queries, task, report)
        engines = _open(auto, MappedVectors(rows), task, report)
        if task.measured:
            sizes[str(len(rows))] = {"auto": auto, "engines": _compare(engines, rows, queries, task.rounds, report)}
    return {
        **stamp(),
        "threads": task.threads,
        "rounds": task.rounds,
        "batch": BATCH,
        "recall": task.goal.recall,
        "queries": len(queries),
        "widened": compare(vectors, queries),
        "sizes": sizes,
    }


def read_vectors(newsroom: Newsroom, work: Path) -> tuple[Vectors, Vectors]:
    """Return the articles' vectors and those of a thousand readers' interests, kept for the next run."""
    kept = work / "articles.npz"
    if not kept.is_file():
        bench = open_bench(newsroom)
        np.savez(
            kept,
            vectors=bench.data.catalogue.vectors.whole(),
            queries=sample_user_vectors(bench.data, bench.models, 1000),
        )
    with np.load(kept) as arrays:
        return arrays["vectors"], arrays["queries"]


def _auto(table: pa.Table, queries: Vectors, task: IndexTask, report: Say) -> dict[str, Any]:
    """Return what the build says of the index that a newsroom with this table of vectors would have."""
    path = task.work / f"{len(table)}-auto.json"
    if not path.is_file():
        report(f"{len(table)}: auto")
        index, rows = path.with_suffix(".faiss"), path.with_suffix(".arrow")
        with peak_memory() as peak:
            started = perf_counter()
            built = build_index(table, index, rows, model="", queries=queries, goal=task.goal)
            seconds = perf_counter() - started
        write_json(path, {**built, "seconds": seconds, **peak})
        kind = built["kind"].replace(" ", "-")
        index.replace(task.work / f"{len(table)}-{kind}")
        facts = {"build_seconds": built["build_seconds"], "bytes_per_vector": built["bytes_per_vector"], **peak}
        write_json(task.work / f"{len(table)}-{kind}.json", facts)
    auto: dict[str, Any] = json.loads(path.read_text("utf-8"))
    report(f"{len(table)}: auto is {auto['kind']}")
    return auto


def _open(auto: dict[str, Any], vectors: MappedVectors, task: IndexTask, report: Say) -> dict[str, Engine]:
    """Return the engines by name, built where they are not kept from an earlier run."""
    tuned = {row["kind"]: row["parameters"]["k_factor"] for row in [*auto["trials"], auto]}
    engines = {}
    for name in dict.fromkeys([auto["kind"], *task.names]):
        report(f"{len(vectors)}: {name}")
        engines[name] = open_engine(name, vectors, task.work, task.threads, tuned.get(name, 0) or 1)
    return engines


def _compare(engines: dict[str, Engine], table: pa.Table, queries: Vectors, rounds: int, report: Say) -> dict[str, Any]:
    """Return recall and queries a second of every engine at each effort."""
    vectors = MappedVectors(table)
    exact = search_exactly(vectors, queries)
    points = [(engine, place) for engine in engines.values() for place in range(len(engine.efforts))]
    recalls = {(engine.name, place): _recall(engine, place, exact, vectors) for engine, place in points}
    spent: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        for engine, place in points:
            started = perf_counter()
            for start in range(0, len(queries), BATCH):
                engine.search(queries[start : start + BATCH], K, engine.efforts[place])
            spent.setdefault((engine.name, place), []).append(perf_counter() - started)
        report(f"{len(vectors)}: round {number + 1}/{rounds}")
    qps = {key: len(queries) / median(seconds) for key, seconds in spent.items()}
    return {
        name: {**engine.facts, "curve": curve(engine.efforts, name, recalls, qps)} for name, engine in engines.items()
    }


def _recall(engine: Engine, place: int, exact: Exact, vectors: MappedVectors) -> float:
    """Return the recall as the build measures it: what is as near as the last true neighbour counts."""
    batches = [exact.queries[start : start + BATCH] for start in range(0, len(exact.queries), BATCH)]
    rows = np.concatenate([engine.search(queries, exact.k, engine.efforts[place]) for queries in batches])
    return float(shares_found(rows, exact, vectors).mean())
