"""What exact search costs beside approximate indexes, by the number of vectors: where the rule of `auto` ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from time import perf_counter
from typing import Any

import faiss
import numpy as np

from broadsheet.evaluation.index.vectors import widen
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.index_build.choice import EXACT_UP_TO
from broadsheet.index_build.kinds import build_kind, list_count
from broadsheet.index_build.measure import BATCH, search_exactly, tune
from broadsheet.index_build.parameters import AT, search_parameters
from broadsheet.progress import Say
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.vectors import as_vectors

SIZES = (5_000, 20_000, 50_000, 100_000)
ALONE = 50
"""Queries that are searched one by one in each round."""


def measure_exact_search(
    vectors: Vectors, queries: Vectors, sizes: Sequence[int], *, recall: float, rounds: int, threads: int, say: Say
) -> dict[str, Any]:
    """Return, for each number of vectors, what exact search and two approximate kinds cost.

    `vectors` (articles, dim) are taken in order, and widened where more are asked for.
    """
    faiss.omp_set_num_threads(threads)
    found = {}
    for size in sizes:
        more = widen(vectors, size - len(vectors)) if size > len(vectors) else ()
        found[str(size)] = _kinds(np.vstack([vectors[:size], *more]), queries, recall, rounds)
        say(f"{size} vectors: measured")
    about = {"threads": threads, "rounds": rounds, "recall": recall, "batch": BATCH, "queries": len(queries)}
    return {**stamp(), **about, "dim": int(vectors.shape[1]), "exact_up_to": EXACT_UP_TO, "sizes": found}


def _kinds(vectors: Vectors, queries: Vectors, recall: float, rounds: int) -> dict[str, Any]:
    """Return the costs of each kind; all are timed in turn, and each counts by its quickest round."""
    mapped = as_vectors(vectors)
    exact = search_exactly(mapped, queries)
    opened, costs = {}, {}
    codes = f"IVF{list_count(len(vectors))},PQ{vectors.shape[1] // 2}x4fsr,Refine(SQfp16)"
    for kind in ("Flat", "HNSW32_SQfp16", codes):
        started = perf_counter()
        index = build_kind(kind, mapped)
        built = perf_counter()
        measured = tune(index, exact, mapped, recall)
        opened[kind] = index, search_parameters(index, measured.parameters, AT)
        costs[kind] = {
            "parameters": asdict(measured.parameters),
            "recall@100": round(measured.recall, 4),
            "build_seconds": round(built - started, 2),
            "tune_seconds": round(perf_counter() - built, 2),
        }
    times = [{kind: _times(*index, queries) for kind, index in opened.items()} for _ in range(rounds)]
    for kind, cost in costs.items():
        cost["alone_ms"] = round(min(one[kind][0] for one in times) * 1000, 3)
        cost["batch_ms"] = round(min(one[kind][1] for one in times) * 1000, 4)
    return costs


def _times(index: faiss.Index, parameters: Any, queries: Vectors) -> tuple[float, float]:  # noqa: ANN401
    """Return the seconds of a query searched alone, the quickest, and of a query in a batch."""
    alone = []
    for row in range(min(ALONE, len(queries))):
        started = perf_counter()
        index.search(queries[row : row + 1], AT, params=parameters)
        alone.append(perf_counter() - started)
    batch = queries[:BATCH]
    started = perf_counter()
    index.search(batch, AT, params=parameters)
    return min(alone), (perf_counter() - started) / len(batch)


def report_exact_search(document: Mapping[str, Any]) -> Report:
    """Return the document as a report: a row for each size and kind."""
    lines = [
        "| vectors | index | recall@100 | ms a query, alone | ms a query, in a batch | build, s | tuning, s |",
        "|---" * 7 + "|",
    ]
    for size, kinds in document["sizes"].items():
        for kind, cost in kinds.items():
            speed = f"{cost['alone_ms']:.2f} | {cost['batch_ms']:.3f}"
            seconds = f"{cost['build_seconds']:.1f} | {cost['tune_seconds']:.1f}"
            lines.append(f"| {int(size):,} | {kind} | {cost['recall@100']:.4f} | {speed} | {seconds} |")
    lines += [
        "",
        f"{document['dim']} dimensions, {document['threads']} threads, lists of {AT}, batches of {document['batch']}; "
        f"the quickest of {document['rounds']} rounds that took all kinds in turn; kinds tuned to recall@100 "
        f"{document['recall']}. Measured on {document['date'][:10]} at {document['commit'][:12]} by "
        f"`{document['command']}`.",
    ]
    return Report("exact-search", document, lines)
