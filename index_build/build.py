"""Building the index of an edition: the kind that is fastest at the recall asked for, as measured, never as guessed."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import pyarrow as pa

from broadsheet.errors import ConfigError, ContractError
from broadsheet.index_build.kinds import build_kind, memory_bytes
from broadsheet.index_build.measure import Exact, Measured, search_exactly, tune
from broadsheet.index_build.reuse import Earlier, choice_before, take_over
from broadsheet.index_build.trials import fits, row, try_kinds
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.files import file_sha256, replacing
from broadsheet.tables.schemas import INDEX
from broadsheet.tables.vectors import MappedVectors

log = logging.getLogger(__name__)

EXACT_UP_TO = 10_000
"""Up to this number of vectors auto is Flat: a query takes a fraction of a millisecond."""
STAND_INS = 1000
"""Article vectors searched for where there are no readers'."""


@dataclass(frozen=True)
class Goal:
    """What an index has to do."""

    kind: str
    "auto, flat, or a FAISS factory string."
    recall: float
    "Least recall@100, 0 to 1, on the queries."
    memory_mib: int
    "Most memory for searching; 0 is what fits."

    def __str__(self) -> str:
        return json.dumps(vars(self))


@dataclass(frozen=True)
class _Attempt:
    """A kind to build, and why."""

    kind: str
    table: list[dict[str, Any]]
    "The trials that it was chosen by, if any."
    chosen_for: int
    "The number of vectors that it was chosen for."
    taken_over: str
    expected_qps: float = 0.0
    "Of the trial; 0 where there was none."
    size: float = 0.0
    "Bytes of the index by the trial."


@dataclass(frozen=True)
class _Built:
    """A kind that was built over all vectors."""

    index: faiss.Index
    measured: Measured
    seconds: float


def build_index(
    vectors: pa.Table,
    index_path: Path,
    rows_path: Path,
    *,
    model: str,
    queries: Vectors,
    goal: Goal,
    earlier: Sequence[Earlier] = (),
) -> dict[str, Any]:
    """Write the FAISS index of a news_vectors table, and the table index beside it; returns what was measured.

    `queries` are user vectors (queries, dim), none of them zero; without any, articles are searched for. The first of
    the `earlier` is taken over whole if vectors and goal are the same, and its kind if they are about as many.
    Rows follow the table's order; the metric is the inner product. Raises ContractError if there are no vectors, and
    ConfigError if the kind is none, or if none has the recall within the memory.
    """
    mapped = MappedVectors(vectors)
    if not len(mapped):
        raise ContractError("news_vectors: no rows, expected at least one article. Import articles first.")
    stamp = {"vectors": mapped.sha256(), "goal": str(goal), "metric": "inner_product", "dim": str(mapped.dim)}
    report = take_over(index_path, stamp, earlier)
    if report is None:
        report = _build(mapped, queries, goal, index_path, choice_before(earlier, str(goal), len(mapped)))
    stamp |= {"kind": report["kind"], "parameters": json.dumps(report["parameters"])}
    write_table(rows_path, vectors.select(["news_id"]), INDEX, model=model, **stamp, sha256=file_sha256(index_path))
    return report


def describe(report: Mapping[str, Any]) -> str:
    """Return in a line what a report of build_index says."""
    line = (
        f"{report['vectors']} vectors, {report['kind']}, recall@100 {report['recall@100']:.4f} "
        f"on {report['queries']['count']} {report['queries']['of']}, {report['qps']:.0f} queries/s"
    )
    return line + (f"; taken over: {report['taken_over']}" if report["taken_over"] else "")


def _build(
    vectors: MappedVectors, queries: Vectors, goal: Goal, path: Path, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    of = "user vectors" if len(queries) else "article vectors"
    exact = search_exactly(vectors, queries if len(queries) else vectors.sample(STAND_INS, seed=1))
    attempt, built = _fastest(vectors, exact, goal, before)
    with replacing(path) as part:
        faiss.write_index(built.index, str(part))
        size = part.stat().st_size
        memory = memory_bytes(built.index, size)
        if goal.memory_mib and (problem := fits(size, memory, goal.memory_mib)):
            raise ConfigError(f"index.kind: {attempt.kind} {problem}. Raise it, or name auto or a smaller kind.")
    each = (size / len(vectors), memory / len(vectors))
    whole = row(attempt.kind, built.measured, each, built.seconds)
    return {
        **whole,
        "goal": str(goal),
        "vectors": len(vectors),
        "queries": {"of": of, "count": len(exact.queries)},
        "threads": faiss.omp_get_max_threads(),
        "taken_over": attempt.taken_over,
        "chosen_for": attempt.chosen_for,
        "trials": attempt.table or [whole | {"chosen": True}],
    }


def _fastest(
    vectors: MappedVectors, exact: Exact, goal: Goal, before: Mapping[str, Any] | None
) -> tuple[_Attempt, _Built]:
    """Build kinds, the most promising first, until one has the recall on all vectors and no other promises more.

    How a kind's time grows is known in outline only: what is slower over all vectors than another was expected to be is
    measured against it, where there is memory for both.
    """
    best: tuple[_Attempt, _Built] | None = None
    missed = []
    for attempt in _attempts(vectors, exact.queries, goal, before):
        if best and (attempt.expected_qps <= best[1].measured.qps or fits(attempt.size, 0, 0)):
            continue
        started = perf_counter()
        index = build_kind(attempt.kind, vectors)
        seconds = perf_counter() - started
        measured = tune(index, exact, vectors, goal.recall)
        if measured.low < goal.recall:
            missed.append(f"{attempt.kind} has {measured.recall:.4f} at most")
            log.warning("index: %s of recall@100, %s is asked for", missed[-1], goal.recall)
        elif best is None or measured.qps > best[1].measured.qps:
            best = attempt, _Built(index, measured, seconds)
        if best and attempt.taken_over:
            break  # the choice was made before: no trials
    if best is None:
        raise ConfigError(
            f"index.recall: found {goal.recall}, expected what the kind can do ({'; '.join(missed)}). "
            "Lower it, or name another index.kind, or auto."
        )
    return best


def _attempts(
    vectors: MappedVectors, queries: Vectors, goal: Goal, before: Mapping[str, Any] | None
) -> Iterator[_Attempt]:
    if goal.kind != "auto":
        yield _Attempt("Flat" if goal.kind == "flat" else goal.kind, [], 0, "")
        return
    if len(vectors) <= EXACT_UP_TO:
        yield _Attempt("Flat", [], 0, "")
        return
    if before:
        yield _Attempt(before["kind"], before["trials"], before["chosen_for"], "the choice of its kind")
    trials = try_kinds(vectors, queries, recall=goal.recall, memory_mib=goal.memory_mib)
    for trial in trials:
        if not trial.note and not (before and trial.kind == before["kind"]):
            table = [other.as_json(chosen=other is trial) for other in trials]
            size = trial.bytes_per_vector * len(vectors)
            yield _Attempt(trial.kind, table, len(vectors), "", trial.expected_qps, size)
