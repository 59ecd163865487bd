"""Which kind of index: each is built on a sample of the vectors, tuned with real queries, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss

from broadsheet.errors import ConfigError
from broadsheet.index_build.kinds import build_kind, candidates, memory_bytes
from broadsheet.index_build.measure import ROUNDS, Exact, Measured, measure_speed, search_exactly, tune
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.vectors import MappedVectors, as_vectors

SAMPLE = 50_000
"""Vectors that trials are made on."""
PART = 4
"""A quarter of the sample shows how a kind slows down as vectors become more."""


@dataclass(frozen=True)
class Trial:
    """A kind as it was measured; a row of the table in the manifest."""

    kind: str
    measured: Measured
    expected_qps: float
    "Queries a second over all vectors: of the sample, divided by what the growth makes of their number."
    growth: float | None
    "Exponent of a query's time in the number of vectors, 0 to 1, as measured; None where the sample is all of them."
    bytes_per_vector: float
    "Of the file."
    memory_per_vector: float
    "Of that, what is held in memory for searching: all but the mapped refinement."
    build_seconds: float
    note: str
    "Why it cannot be chosen; empty if it can."

    def as_json(self, *, chosen: bool) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        each = (self.bytes_per_vector, self.memory_per_vector)
        shown = row(self.kind, self.measured, each, self.build_seconds)
        growth = None if self.growth is None else round(self.growth, 2)
        expected = {"expected_qps": round(self.expected_qps, 1), "growth": growth}
        return {**shown, **expected, "chosen": chosen, "note": self.note}


def row(kind: str, measured: Measured, each: Sequence[float], build_seconds: float) -> dict[str, Any]:
    """Return what was measured of a kind as JSON holds it; `each` are the bytes of a vector in file and memory."""
    return {
        "kind": kind,
        "parameters": vars(measured.parameters),
        "recall@100": round(measured.recall, 4),
        "recall_low": round(measured.low, 4),
        "qps": round(measured.qps, 1),
        "bytes_per_vector": round(each[0], 1),
        "memory_per_vector": round(each[1], 1),
        "build_seconds": round(build_seconds, 2),
    }


def try_kinds(vectors: MappedVectors, queries: Vectors, *, recall: float, memory_mib: int) -> list[Trial]:
    """Return a trial of each candidate, those that can be chosen first, the fastest first.

    Raises ConfigError if none reaches the recall within the memory.
    """
    count = len(vectors)
    sample = as_vectors(vectors.sample(SAMPLE))
    part = as_vectors(sample.sample(len(sample) // PART))
    exact, exact_of_part = search_exactly(sample, queries), search_exactly(part, queries)
    # Over fewer vectors a kind has as many lists as suit them.
    kinds, dim = candidates(count, vectors.dim), vectors.dim
    of_sample = [_tuned(kind, sample, exact, recall) for kind in candidates(len(sample), dim)]
    few = candidates(len(part), dim) if count > len(sample) else []
    of_part = [_tuned(kind, part, exact_of_part, recall) for kind in few]
    _time_in_turn([*((one, exact) for one in of_sample), *((one, exact_of_part) for one in of_part)])
    trials = []
    for place, (kind, tuned) in enumerate(zip(kinds, of_sample, strict=True)):
        each = (tuned.size / len(sample), memory_bytes(tuned.index, tuned.size) / len(sample))
        growth = _growth(tuned, of_part[place], len(sample) / len(part)) if of_part else None
        expected = tuned.measured.qps / (count / len(sample)) ** (growth or 0.0)
        note = _why_not(tuned.measured, recall, each, count, memory_mib)
        trials.append(Trial(kind, tuned.measured, expected, growth, *each, tuned.build_seconds, note))
    if all(trial.note for trial in trials):
        found = "; ".join(f"{trial.kind}: {trial.note}" for trial in trials)
        raise ConfigError(
            f"index: no kind has recall@100 {recall} within the memory ({found}). "
            "Raise index.memory_mib, lower index.recall, or build on a machine of more memory."
        )
    return sorted(trials, key=lambda trial: (bool(trial.note), -trial.expected_qps))


@dataclass
class _Tuned:
    """A kind that was built on few vectors, with the parameters that reach the recall."""

    index: faiss.Index
    measured: Measured
    size: int
    build_seconds: float


def _tuned(kind: str, vectors: MappedVectors, exact: Exact, recall: float) -> _Tuned:
    started = perf_counter()
    index = build_kind(kind, vectors)
    seconds = perf_counter() - started
    return _Tuned(index, tune(index, exact, vectors, recall), len(faiss.serialize_index(index)), seconds)


def _growth(tuned: _Tuned, of_part: _Tuned, ratio: float) -> float:
    """Return the exponent of a query's time in the number of vectors, of which `tuned` has `ratio` times as many."""
    return min(1.0, max(0.0, log(of_part.measured.qps / tuned.measured.qps) / log(ratio)))


def _time_in_turn(tuned: Sequence[tuple[_Tuned, Exact]]) -> None:
    """Time all again in turn and keep the quickest of each, so that what else the machine does decides nothing."""
    for _ in range(ROUNDS):
        for one, exact in tuned:
            qps = measure_speed(one.index, exact.queries, one.measured.parameters, exact.k)
            one.measured = replace(one.measured, qps=max(qps, one.measured.qps))


def fits(size: float, memory: float, memory_mib: int) -> str:
    """Return why an index of `size` bytes, `memory` of them held for searching, is too large; empty if it is not."""
    limit, free = memory_mib << 20, _free_memory()
    if limit and memory > limit:
        return f"needs {memory / 2**20:.0f} MiB, memory_mib is {memory_mib}"
    return f"needs {size / 2**20:.0f} MiB to build, {free / 2**20:.0f} MiB are free" if free and size > free else ""


def _why_not(measured: Measured, recall: float, each: Sequence[float], count: int, memory_mib: int) -> str:
    if measured.low < recall:
        return f"recall@100 {measured.recall:.4f} at most"
    return fits(each[0] * count, each[1] * count, memory_mib)


def _free_memory() -> int:
    """Return the bytes that may be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return 0
