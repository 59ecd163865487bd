"""Which kind of index: each is built on a sample of the vectors, tuned with real queries, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss

from broadsheet.errors import ConfigError
from broadsheet.index_build.budget import Budget
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
    vectors: int
    "How many it was built over, in the sample."
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


def try_kinds(
    vectors: MappedVectors, queries: Vectors, *, recall: float, memory_mib: int, budget: Budget
) -> tuple[list[Trial], list[str]]:
    """Return trials, those that can be chosen first, the fastest first; and the kinds there was no time to try.

    The most promising kinds are tried first. Once a kind can be chosen, the next is tried only if a trial as long as
    the longest so far ends within the budget. Example: of trials that take 8 s each, a budget of 20 s allows two.
    Raises ConfigError if no kind reaches the recall within the memory.
    """
    count, dim = len(vectors), vectors.dim
    sample = _Sample.of(as_vectors(vectors.sample(SAMPLE)), queries)
    quarter = None
    if count > len(sample.vectors):
        quarter = _Sample.of(as_vectors(sample.vectors.sample(len(sample.vectors) // PART)), queries)
    kinds = candidates(count, dim)
    # Over fewer vectors a kind has as many lists as suit them.
    over_sample = candidates(len(sample.vectors), dim)
    over_quarter = candidates(len(quarter.vectors), dim) if quarter else []
    tried: list[_Tried] = []
    longest, is_able = 0.0, False
    for place, kind in enumerate(kinds):
        if is_able and not budget.allows(longest):
            break
        before = budget.spent
        whole = _tuned(over_sample[place], sample, recall)
        part = _tuned(over_quarter[place], quarter, recall) if quarter else None
        tried.append(_Tried(kind, whole, part))
        is_able = is_able or not _why_not(tried[-1], count, recall, memory_mib)
        longest = max(longest, budget.spent - before)
    turns = [(one.whole, sample) for one in tried]
    turns += [(one.part, quarter) for one in tried if one.part and quarter]
    _time_in_turn(turns)
    trials = [_trial(one, count, recall, memory_mib) for one in tried]
    if not is_able:
        found = "; ".join(f"{trial.kind}: {trial.note}" for trial in trials)
        raise ConfigError(
            f"index: no kind has recall@100 {recall} within the memory ({found}). "
            "Raise index.memory_mib, lower index.recall, or build on a machine of more memory."
        )
    return sorted(trials, key=lambda trial: (bool(trial.note), -trial.expected_qps)), kinds[len(trials) :]


@dataclass(frozen=True)
class _Sample:
    """Vectors that trials are made on, and what exact search finds among them."""

    vectors: MappedVectors
    exact: Exact

    @classmethod
    def of(cls, vectors: MappedVectors, queries: Vectors) -> "_Sample":
        return cls(vectors, search_exactly(vectors, queries))


@dataclass
class _Tuned:
    """A kind that was built on few vectors, with the parameters that reach the recall."""

    index: faiss.Index
    measured: Measured
    size: int
    "Bytes of its file."
    vectors: int
    build_seconds: float


@dataclass(frozen=True)
class _Tried:
    """A candidate, built on the sample and on a quarter of it."""

    kind: str
    "The kind as it would be built over all vectors."
    whole: _Tuned
    part: _Tuned | None
    "None where the sample is all there is, and nothing is to be extrapolated."

    @property
    def bytes_per_vector(self) -> float:
        return self.whole.size / self.whole.vectors

    @property
    def memory_per_vector(self) -> float:
        return memory_bytes(self.whole.index, self.whole.size) / self.whole.vectors

    @property
    def growth(self) -> float | None:
        """The exponent of a query's time in the number of vectors."""
        if self.part is None:
            return None
        ratio = self.whole.vectors / self.part.vectors
        return min(1.0, max(0.0, log(self.part.measured.qps / self.whole.measured.qps) / log(ratio)))


def _tuned(kind: str, sample: _Sample, recall: float) -> _Tuned:
    started = perf_counter()
    index = build_kind(kind, sample.vectors)
    seconds = perf_counter() - started
    measured = tune(index, sample.exact, sample.vectors, recall)
    return _Tuned(index, measured, len(faiss.serialize_index(index)), len(sample.vectors), seconds)


def _trial(tried: _Tried, count: int, recall: float, memory_mib: int) -> Trial:
    """Return what a kind promises over `count` vectors."""
    measured, growth = tried.whole.measured, tried.growth
    return Trial(
        tried.kind,
        measured,
        expected_qps=measured.qps / (count / tried.whole.vectors) ** (growth or 0.0),
        growth=growth,
        bytes_per_vector=tried.bytes_per_vector,
        memory_per_vector=tried.memory_per_vector,
        vectors=tried.whole.vectors,
        build_seconds=tried.whole.build_seconds,
        note=_why_not(tried, count, recall, memory_mib),
    )


def _time_in_turn(tuned: Sequence[tuple[_Tuned, _Sample]]) -> None:
    """Time all again in turn and keep the quickest of each, so that what else the machine does decides nothing."""
    for _ in range(ROUNDS):
        for one, sample in tuned:
            exact = sample.exact
            qps = measure_speed(one.index, exact.queries, one.measured.parameters, exact.k)
            one.measured = replace(one.measured, qps=max(qps, one.measured.qps))


def fits(size: float, memory: float, memory_mib: int) -> str:
    """Return why an index of `size` bytes, `memory` of them held for searching, is too large; empty if it is not."""
    limit, free = memory_mib << 20, _free_memory()
    if limit and memory > limit:
        return f"needs {memory / 2**20:.0f} MiB, memory_mib is {memory_mib}"
    return f"needs {size / 2**20:.0f} MiB to build, {free / 2**20:.0f} MiB are free" if free and size > free else ""


def _why_not(tried: _Tried, count: int, recall: float, memory_mib: int) -> str:
    """Return why a kind cannot be chosen for `count` vectors; empty if it can."""
    measured = tried.whole.measured
    if measured.low < recall:
        return f"recall@100 {measured.recall:.4f} at most"
    return fits(tried.bytes_per_vector * count, tried.memory_per_vector * count, memory_mib)


def _free_memory() -> int:
    """Return the bytes that may be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return 0
