"""Prediction files in MIND's submission format, and their scores by its evaluate.py.

A line is `impression_id [rank,rank,…]`: the rank of each shown article, in shown order, 1 is best; articles with equal
scores have equal ranks. Lines have the order of the impressions. As in evaluate.py an article's score is 1 / rank, any
ranks of 1 or more are accepted, and an impression without labels needs a line and is skipped. That script stops at the
first fault; here an error names all faults.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, InputError, join_problems
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.tables.arrays import Floats, Integers
from broadsheet.tables.named_files import named_output

_NAMED = 5
"""Faults of one kind that a message names; it says how many more there are."""


class Predictions(NamedTuple):
    """The ranks of a file, one impression after another."""

    impression_ids: list[str]
    ranks: Floats
    "One for each shown article, 1 or more. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"


def ranks_of(scores: npt.NDArray[Any], offsets: Integers) -> Integers:
    """Return the rank of each article within its impression (shown,), 1 is best, of scores laid end to end.

    Of two equal scores the article shown later ranks first, as in the metrics. So all metrics of the ranks equal those
    of the scores, except AUC, which counts a tie as a half.
    """
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((scores, owners))
    ranks = np.empty(len(scores), np.int64)
    ranks[order] = offsets[1:][owners] - np.arange(len(scores))
    return ranks


def write_predictions(path: Path, impression_ids: Sequence[str], scores: npt.NDArray[Any], offsets: Integers) -> None:
    """Write the ranks of scores (shown,), laid end to end at `offsets` (impressions + 1,), whole or not at all.

    Raises ContractError if the parts do not fit, a score is NaN, or an id is empty or holds white space.
    """
    Impressions(scores, np.zeros(len(scores), np.bool_), offsets)  # raises what is wrong with them
    problems = []
    if len(impression_ids) != len(offsets) - 1:
        problems.append(f"{len(impression_ids)} ids for {len(offsets) - 1} impressions; expected one for each")
    unfit = [name for name in impression_ids if name.split() != [name]]
    if unfit:
        problems.append(_some(f"{len(unfit)} ids are empty or hold white space", [repr(name) for name in unfit]))
    if problems:
        raise ContractError(f"{path}: {join_problems(problems)}.")
    ranks = _tied(ranks_of(scores, offsets), scores, offsets)
    with named_output(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for name, (start, end) in zip(impression_ids, pairwise(offsets.tolist()), strict=True):
            file.write(f"{name} [{','.join(map(str, ranks[start:end].tolist()))}]\n")


def _tied(ranks: Integers, scores: npt.NDArray[Any], offsets: Integers) -> Integers:
    """Return the ranks, equal scores of an impression all at their best rank, so that AUC counts them as ties."""
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((ranks, owners))  # best first
    first = np.ones(len(order), np.bool_)
    first[1:] = (scores[order][1:] != scores[order][:-1]) | (owners[order][1:] != owners[order][:-1])
    tied = np.empty(len(ranks), np.int64)
    tied[order] = ranks[order][first][np.cumsum(first) - 1]
    return tied


def read_predictions(path: Path) -> Predictions:
    """Read a prediction file.

    Raises InputError if it cannot be opened, ContractError naming the lines that are not of the format.
    """
    names, parts, problems = [], [np.zeros(0)], []
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    name, ranks = _parse(line)
                    names.append(name)
                    parts.append(ranks)
                except (ValueError, RecursionError) as error:
                    problems.append(f"line {number} ({error})")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Name a prediction file.") from error
    if problems:
        some = _some(f"{len(problems)} lines are not `impression_id [rank,rank,…]`", problems)
        raise ContractError(f"{path}: {some}.")
    return Predictions(names, np.concatenate(parts), np.cumsum([0, *map(len, parts[1:])]))


def _parse(line: str) -> tuple[str, Floats]:
    fields = line.split()
    if len(fields) != 2:
        raise ValueError(f"{len(fields)} fields, expected 2: no white space within the ranks")
    ranks = np.asarray(json.loads(fields[1]))
    if ranks.ndim != 1 or ranks.dtype.kind not in "iuf":
        raise ValueError("expected a list of numbers")
    if not (ranks >= 1).all():
        raise ValueError("a rank is less than 1")
    return fields[0], ranks.astype(np.float64)


def score_predictions(
    predictions: Predictions, impressions: pa.Table, *, fill_missing: bool = False
) -> dict[str, Floats]:
    """Return auc, mrr, ndcg@5 and ndcg@10 of each impression (impressions,), NaN where it is skipped.

    `impressions` has the columns impression_id, shown and clicked of table impressions. With `fill_missing` a file that
    ends early counts as in evaluate.py: all articles of the missing lines tie. Raises ContractError if a file ends
    early without it, and if lines are missing before the end, of other impressions, in another order or too short or
    long.
    """
    wanted = impressions.column("impression_id").to_pylist()
    lengths = pc.list_value_length(impressions.column("shown")).to_numpy()
    problems = _misplaced(predictions.impression_ids, wanted, fill_missing)
    if not problems:
        given = np.diff(predictions.offsets)
        wrong = np.flatnonzero(given != lengths[: len(given)])
        if len(wrong):
            named = [f"{wanted[row]} ({given[row]} ranks, {lengths[row]} shown)" for row in wrong.tolist()]
            problems.append(_some(f"{len(wrong)} lines do not rank what was shown", named))
    if problems:
        raise ContractError(f"predictions: {join_problems(problems)}. Write one line for each impression, in order.")
    ranks = np.concatenate([predictions.ranks, np.ones(lengths.sum() - len(predictions.ranks))])
    scores = pa.LargeListArray.from_arrays(pa.array(np.cumsum([0, *lengths])), pa.array(1.0 / ranks))
    return ranking_metrics(Impressions.from_columns(scores, impressions.column("clicked")))


def _misplaced(found: list[str], wanted: list[str], fill_missing: bool) -> list[str]:
    """Return what is wrong with the impressions that the lines are of."""
    ends_early = found == wanted[: len(found)]
    if ends_early and (fill_missing or len(found) == len(wanted)):
        return []
    known, there, problems = set(wanted), set(found), []
    missing = [name for name in wanted if name not in there]
    unknown = [name for name in found if name not in known]
    if missing:
        problems.append(_some(f"{len(missing)} impressions have no line", missing))
    if unknown:
        problems.append(_some(f"{len(unknown)} lines are of no impression", unknown))
    if not problems:
        pairs = enumerate(zip(found, wanted, strict=False), 1)
        line = next((number for number, (one, other) in pairs if one != other), len(wanted) + 1)
        named = repr(wanted[line - 1]) if line <= len(wanted) else "the end"
        problems.append(f"line {line} is of impression {found[line - 1]!r}; expected {named}")
    return problems


def _some(what: str, named: Sequence[str]) -> str:
    """Return a fault with the first few that have it."""
    more = len(named) - _NAMED
    return f"{what}: {', '.join(named[:_NAMED])}" + (f" and {more} more" if more > 0 else "")
