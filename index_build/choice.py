"""Which kind of index is built: exact by rule, as named, as chosen for an earlier edition, or the winner of trials."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from broadsheet.index_build.budget import Budget, MakeBudget
from broadsheet.index_build.reuse import EarlierChoice
from broadsheet.index_build.trials import fits, try_kinds
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.vectors import MappedVectors

EXACT_UP_TO = 60_000
"""`auto` searches up to this number of vectors exactly, without a trial. docs/index.md has the measurement."""
BYTES_A_NUMBER = 4


@dataclass(frozen=True)
class Goal:
    """What an index has to do."""

    kind: str
    "auto, flat, or a FAISS factory string."
    recall: float
    "Least recall@100, 0 to 1, on the queries."
    memory_mib: int
    "Most memory for searching; 0 is what fits."
    exact_up_to: int = EXACT_UP_TO
    "The most vectors that auto searches exactly, without a trial."

    def __str__(self) -> str:
        return json.dumps(vars(self))


@dataclass(frozen=True)
class Attempt:
    """A kind to build over all vectors, and why."""

    kind: str
    chosen_by: str
    "How the kind was chosen, in words."
    taken_over: str = ""
    "What was taken over from an earlier edition, in words; empty if nothing was."
    trials: list[dict[str, Any]] = field(default_factory=list)
    "The trials that the kind was chosen by; empty if there were no trials."
    chosen_for: int = 0
    "The number of vectors that the trials were made for; 0 without trials."
    expected_qps: float = 0.0
    "Queries a second that the trial promises over all vectors; 0 without trials."
    bytes: float = 0.0
    "Size of the index over all vectors by the trial; 0 without trials."
    within_budget: bool = True
    "Whether the budget of the trials still allows to build it."


def is_exact(goal: Goal, vectors: MappedVectors) -> bool:
    """Return whether the index compares with every vector: since that is named, or since the vectors are few.

    Few vectors that do not fit into `memory_mib` are left to trials, which know smaller kinds.
    """
    size = len(vectors) * vectors.dim * BYTES_A_NUMBER
    few = goal.kind == "auto" and len(vectors) <= goal.exact_up_to and not fits(size, size, goal.memory_mib)
    return goal.kind == "flat" or few


def attempts(
    vectors: MappedVectors, queries: Vectors, goal: Goal, earlier: EarlierChoice, make_budget: MakeBudget
) -> Iterator[Attempt]:
    """Yield the kinds to build, the most promising first.

    Trials are made when the caller asks for more than the kind of the earlier choice. Raises ConfigError if no kind has
    the recall within the memory.
    """
    if is_exact(goal, vectors):
        named = (
            "index.kind is flat" if goal.kind == "flat" else f"up to {goal.exact_up_to} vectors are searched exactly"
        )
        yield Attempt("Flat", named)
    elif goal.kind != "auto":
        yield Attempt(goal.kind, f"index.kind is {goal.kind}")
    else:
        why = earlier.why_not
        if earlier.report:
            kind, trials, count = (earlier.report[name] for name in ("kind", "trials", "chosen_for"))
            yield Attempt(kind, earlier.report["chosen_by"], "the choice of its kind", trials, count)
            why = f"{kind}, the earlier choice, misses the recall"
        built_already = earlier.report["kind"] if earlier.report else ""
        yield from _by_trials(vectors, queries, goal, make_budget(len(vectors)), why, built_already)


def _by_trials(
    vectors: MappedVectors, queries: Vectors, goal: Goal, budget: Budget, why: str, built_already: str
) -> Iterator[Attempt]:
    """Yield the kinds that trials find able, the fastest first; `why` says why no earlier choice holds."""
    trials, untried = try_kinds(vectors, queries, recall=goal.recall, memory_mib=goal.memory_mib, budget=budget)
    chosen_by = f"{len(trials)} of {len(trials) + len(untried)} kinds tried in {budget.spent:.0f} s, since {why}"
    for trial in trials:
        if trial.note or trial.kind == built_already:
            continue
        yield Attempt(
            trial.kind,
            chosen_by,
            trials=[other.as_json(chosen=other is trial) for other in trials],
            chosen_for=len(vectors),
            expected_qps=trial.expected_qps,
            bytes=trial.bytes_per_vector * len(vectors),
            within_budget=budget.allows(trial.build_seconds * len(vectors) / trial.vectors),
        )
