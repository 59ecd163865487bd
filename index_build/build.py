"""Building the index of an edition: of a kind that has the recall asked for, as measured over all its vectors."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import pyarrow as pa

from broadsheet.errors import ConfigError, ContractError
from broadsheet.index_build.budget import MakeBudget, no_limit
from broadsheet.index_build.choice import Attempt, Goal, attempts, is_exact
from broadsheet.index_build.kinds import build_kind, memory_bytes
from broadsheet.index_build.measure import BATCH, Exact, Measured, search_exactly, tune
from broadsheet.index_build.reuse import EarlierChoice, EarlierIndex, earlier_choice, take_over
from broadsheet.index_build.trials import fits, row
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.files import file_sha256, replacing
from broadsheet.tables.schemas import INDEX
from broadsheet.tables.vectors import MappedVectors

log = logging.getLogger(__name__)

STAND_INS = 1000
"""Article vectors searched for where there are no readers'."""


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
    earlier: Sequence[EarlierIndex] = (),
    make_budget: MakeBudget = no_limit,
) -> dict[str, Any]:
    """Write the FAISS index of a news_vectors table, and the table index beside it; returns what was measured.

    `queries` are user vectors (queries, dim), none of them zero; without any, articles are searched for. The first of
    the `earlier` is taken over whole if vectors and goal are the same, and the choice of its kind if the vectors are of
    the same model and about as many (see `earlier_choice`). `make_budget` limits the time of trials. Rows follow the
    table's order; the metric is the inner product. Raises ContractError if there are no vectors, and ConfigError if
    FAISS does not know the kind, or if no kind has the recall within the memory.
    """
    mapped = MappedVectors(vectors)
    if not len(mapped):
        raise ContractError("news_vectors: no rows, expected at least one article. Import articles first.")
    stamp = {"vectors": mapped.sha256(), "goal": str(goal), "metric": "inner_product", "dim": str(mapped.dim)}
    report = take_over(index_path, stamp, earlier)
    if report is None:
        choice = earlier_choice(earlier, goal=str(goal), model=model, dim=mapped.dim, count=len(mapped))
        report = _build(mapped, queries, goal, index_path, choice, make_budget)
    stamp |= {"kind": report["kind"], "parameters": json.dumps(report["parameters"])}
    write_table(rows_path, vectors.select(["news_id"]), INDEX, model=model, **stamp, sha256=file_sha256(index_path))
    return report


def describe(report: Mapping[str, Any]) -> str:
    """Return in a line what a report of build_index says."""
    line = (
        f"{report['vectors']} vectors, {report['kind']}, recall@100 {report['recall@100']:.4f} "
        f"on {report['queries']['count']} {report['queries']['of']}, {report['qps']:.0f} queries/s"
    )
    return f"{line}; taken over: {report['taken_over']}" if report["taken_over"] else f"{line}; {report['chosen_by']}"


def _build(
    vectors: MappedVectors,
    queries: Vectors,
    goal: Goal,
    path: Path,
    earlier: EarlierChoice,
    make_budget: MakeBudget,
) -> dict[str, Any]:
    of = "user vectors" if len(queries) else "article vectors"
    searched = queries if len(queries) else vectors.sample(STAND_INS, seed=1)
    if is_exact(goal, vectors):
        searched = searched[:BATCH]  # nothing depends on them: the recall is 1, and the speed is for people
    exact = search_exactly(vectors, searched)
    attempt, built = _fastest(vectors, exact, goal, attempts(vectors, searched, goal, earlier, make_budget))
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
        "chosen_by": attempt.chosen_by,
        "chosen_for": attempt.chosen_for,
        "trials": attempt.trials or [whole | {"chosen": True}],
    }


def _fastest(vectors: MappedVectors, exact: Exact, goal: Goal, kinds: Iterable[Attempt]) -> tuple[Attempt, _Built]:
    """Build kinds, the most promising first, until a kind has the recall on all vectors and no other promises more.

    How a kind's time grows is known in outline only. A kind may turn out slower over all vectors than the trial of the
    next kind promises: then the next is built and measured as well, if the budget and the memory allow both.
    """
    best: tuple[Attempt, _Built] | None = None
    missed = []
    for attempt in kinds:
        promises_less = best is not None and attempt.expected_qps <= best[1].measured.qps
        if best and (promises_less or not attempt.within_budget or fits(attempt.bytes, 0, 0)):
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
