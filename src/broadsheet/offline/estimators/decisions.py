"""A log of single decisions, read from a plain table and checked: one row for each choice of an article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.errors import InputError, join_problems
from broadsheet.offline.estimators.tables import (
    column_names,
    lists,
    number_ids,
    numbered,
    numbers,
    readers_of,
    values_of,
)
from broadsheet.offline.estimators.weights import per_round
from broadsheet.tables.arrays import Floats, Integers

MOST_REWARD = 1e12
"""Rewards, and a model's predictions of rewards, lie within this: the fourth power of a larger number is no number."""
_SLACK = 0.01
"""How far the probabilities of a row's candidates may miss what they should be, since tables round."""


@dataclass(frozen=True)
class Candidates:
    """All articles among which each round chose, round after round; those of round i are offsets[i]:offsets[i + 1]."""

    offsets: Integers
    "(rounds + 1,)"
    articles: Integers
    "The number of each candidate's article, (candidates,)."
    evaluation: Floats
    "The probability by which the evaluated policy would show it, (candidates,)."
    propensity: Floats | None
    "The probability by which the log's policy would show it, (candidates,); None if it is not known."
    chosen: Integers
    "The place of what was shown among the candidates of its round, (rounds,)."
    features: Floats | None = None
    "What the reward model reads of each candidate, (candidates, features); None if it knows the article alone."

    @property
    def owners(self) -> Integers:
        """The round of each candidate, (candidates,)."""
        return np.repeat(np.arange(len(self.chosen)), np.diff(self.offsets))

    @property
    def places(self) -> Integers:
        """The candidate that each round showed, (rounds,)."""
        return np.asarray(self.offsets[:-1] + self.chosen)


@dataclass(frozen=True)
class Decisions:
    """Rounds of a log: what was shown, what it earned, and how likely it was under both policies."""

    reward: Floats
    "(rounds,)"
    propensity: Floats
    "The probability by which the log's policy showed what it showed, above 0 and at most 1, (rounds,)."
    evaluation: Floats
    "The probability by which the evaluated policy would have shown it, 0 to 1, (rounds,)."
    readers: Integers
    "The number of each round's reader, (rounds,)."
    predicted: tuple[Floats, Floats] | None = None
    "A reward model's `predicted` and `expected` of each round (see `single`); None if there is no model."
    candidates: Candidates | None = None
    "None if only what was shown is known."
    clusters: Integers | None = None
    "The cluster of each article, by its number, (articles,)."

    @property
    def weight(self) -> Floats:
        """The importance weights, (rounds,)."""
        return np.asarray(self.evaluation / self.propensity)

    def __len__(self) -> int:
        return len(self.reward)


def read_decisions(
    table: Any,  # noqa: ANN401
    *,
    reward: str = "reward",
    propensity: str = "propensity",
    evaluation: str = "evaluation",
    reader: str = "user_id",
    article: str = "news_id",
    cluster: str = "cluster",
) -> Decisions:
    """Return the log in a table of pandas, polars or pyarrow, or in a mapping from names of columns to arrays.

    The arguments name its columns: what was earned; the probability, when it was shown, of what was shown; its
    probability under the policy to evaluate. Further columns are used if they are there: the reader (without it each
    row counts as a reader of its own); `predicted` and `expected`, by a reward model of your own; and the lists
    `candidates` (ids of articles), `candidate_evaluation`, `candidate_propensity` and `candidate_clusters`, of equal
    length in each row, which let a reward model be learned, support be checked, and clusters be weighed. Raises
    InputError with everything that is wrong.
    """
    names = column_names(table)
    _need(names, {"reward": reward, "propensity": propensity, "evaluation": evaluation})
    predicted = predictions(table, {*names})
    found = Decisions(
        numbers(table, reward),
        numbers(table, propensity),
        numbers(table, evaluation),
        readers_of(table, reader) if reader in names else np.arange(len(numbers(table, reward))),
        (predicted["predicted"], predicted["expected"]) if predicted else None,
    )
    check_lengths({reward: found.reward, propensity: found.propensity, evaluation: found.evaluation})
    check_probabilities(found.reward, found.propensity, found.evaluation, reward, propensity, evaluation)
    if "candidates" not in names:
        return found
    _need(names, {"article": article, "candidate_evaluation": "candidate_evaluation"})
    of_shown = {"candidate_evaluation": found.evaluation, "candidate_propensity": found.propensity}
    candidates, clusters = _read_candidates(table, names, article, of_shown)
    return Decisions(
        found.reward, found.propensity, found.evaluation, found.readers, found.predicted, candidates, clusters
    )


def _need(names: Sequence[str], columns: dict[str, str]) -> None:
    """Raise InputError if a column is missing."""
    missing = {argument: name for argument, name in columns.items() if name not in names}
    if missing:
        said = " and ".join(f"{argument}={name!r}" for argument, name in missing.items())
        raise InputError(
            f"log: found no column {said}; the columns are {', '.join(names)}. Name the column that holds it."
        )


def predictions(table: object, names: set[str]) -> dict[str, Floats]:
    """Return the columns `predicted` and `expected` of a reward model, none if the table has not both.

    Raises InputError if a value is missing: every round needs it.
    """
    if not {"predicted", "expected"} <= names:
        return {}
    found = {name: numbers(table, name) for name in ("predicted", "expected")}
    problems = [
        f"{name!r}: {count:,} of {len(values):,} rows have no number of {MOST_REWARD:g} at most. Write the model's "
        "value in each row, or leave the column out."
        for name, values in found.items()
        if (count := int((~(np.abs(values) <= MOST_REWARD)).sum()))
    ]
    if problems:
        raise InputError(f"log: {join_problems(problems)}")
    return found


def check_lengths(columns: dict[str, Any]) -> None:
    """Raise InputError unless all columns have the same number of rows, and at least one row."""
    sizes = {name: len(values) for name, values in columns.items()}
    if len({*sizes.values()}) > 1:
        raise InputError(f"log: found columns of different lengths ({sizes}), expected a value for each row in each.")
    if not next(iter(sizes.values())):
        raise InputError("log: found no rows, expected at least one for each time that something was shown.")


def check_probabilities(reward: Floats, propensity: Floats, evaluation: Floats, *named: str, of: str = "rows") -> None:
    """Raise InputError if rewards are missing, or probabilities are missing or impossible."""
    problems = []
    if count := int((np.isfinite(reward) & (np.abs(reward) > MOST_REWARD)).sum()):
        problems.append(f"{named[0]!r}: {count:,} {of} are beyond {MOST_REWARD:g}. Write rewards in another unit.")
    if count := int((~np.isfinite(reward)).sum()):
        problems.append(
            f"{named[0]!r}: {count:,} of {len(reward):,} {of} have no number. Write 0 where nothing was earned, or "
            "leave these rows out."
        )
    if count := int((~(propensity > 0)).sum()):
        problems.append(
            f"{named[1]!r}: {count:,} of {len(propensity):,} {of} have a probability of 0, or none. What was shown had "
            "some chance: log it when it is drawn, and evaluate on rows that have it."
        )
    for name, values in zip(named[1:], (propensity, evaluation), strict=True):
        if count := int((values > 1 + 1e-6).sum()):
            problems.append(f"{name!r}: {count:,} {of} are above 1, up to {np.nanmax(values):g}; expected 0 to 1.")
    if count := int((~(evaluation >= 0)).sum()):
        problems.append(f"{named[2]!r}: {count:,} {of} are missing or below 0; expected 0 to 1.")
    if problems:
        raise InputError(f"log: {join_problems(problems)}")


def _check_candidates(
    chances: dict[str, Floats], of_shown: dict[str, Floats], offsets: Integers, places: Integers
) -> None:
    """Raise InputError unless the probabilities of each round's candidates are such, and fit what was shown.

    `of_shown` (rounds,) are the probabilities of what was shown, which stands at `places` among the candidates.
    """
    problems = []
    for name, values in chances.items():
        if count := int((~((values >= 0) & (values <= 1 + 1e-6))).sum()):
            problems.append(f"{name!r}: {count:,} of {len(values):,} probabilities are missing or not from 0 to 1")
            continue
        if count := int((np.abs(per_round(values, offsets) - 1) > _SLACK).sum()):
            problems.append(
                f"{name!r}: in {count:,} rows the probabilities do not sum to 1. List all articles that could be shown"
            )
        if count := int((np.abs(values[places] - of_shown[name]) > _SLACK * of_shown[name]).sum()):
            problems.append(f"{name!r}: in {count:,} rows what was shown has another probability than the row says")
    if problems:
        raise InputError(f"log: {join_problems(problems)}.")


def _read_candidates(
    table: object, names: Sequence[str], article: str, of_shown: dict[str, Floats]
) -> tuple[Candidates, Integers | None]:
    """Return the candidates, and the cluster of each article if the table has clusters."""
    ids, evaluation = lists(table, "candidates"), lists(table, "candidate_evaluation")
    parts = {"candidate_evaluation": evaluation}
    parts |= {name: lists(table, name) for name in ("candidate_propensity", "candidate_clusters") if name in names}
    shown = values_of(table, article)
    for row, one in enumerate(ids):
        wrong = [name for name, part in parts.items() if len(part[row]) != len(one)]
        if wrong or shown[row] not in one:
            said = f"{wrong[0]} has {len(parts[wrong[0]][row])}" if wrong else f"{shown[row]!r} is not among them"
            raise InputError(
                f"log, row {row + 1}: found {len(one)} candidates, and {said}. Mend the row or leave it out."
            )
    flat = [value for one in ids for value in one]
    articles, places = number_ids(flat)
    flattened = {name: [value for one in part for value in one] for name, part in parts.items()}
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
    chosen = np.array([one.index(shown[row]) for row, one in enumerate(ids)], np.int64)
    chances: dict[str, Floats] = {
        name: numbers(flattened, name) for name in ("candidate_evaluation", "candidate_propensity") if name in flattened
    }
    clusters = None
    if "candidate_clusters" in flattened:
        clusters = np.zeros(len(places), np.int64)
        clusters[articles] = numbered(flattened, "candidate_clusters")
    _check_candidates(chances, of_shown, offsets, offsets[:-1] + chosen)
    found = Candidates(offsets, articles, chances["candidate_evaluation"], chances.get("candidate_propensity"), chosen)
    return found, clusters
