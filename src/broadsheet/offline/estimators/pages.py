"""A log of pages, read from a plain table and checked: one row for each slot of a page that was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.offline.estimators.decisions import check_lengths, check_probabilities, predictions
from broadsheet.offline.estimators.tables import column_names, numbered, numbers, readers_of
from broadsheet.tables.arrays import Flags, Floats, Integers


@dataclass(frozen=True)
class Pages:
    """Pages of a log, slot by slot. All arrays but `readers` are (pages, slots); slots that a page lacks hold 0."""

    reward: Floats
    propensity: Floats | None
    "The probability that this article is in this slot; None if it was not logged."
    conditional: Floats | None
    "The probability that this article is in this slot, given the slots above; None if it was not logged."
    evaluation: Floats | None
    "As `propensity`, under the evaluated policy."
    evaluation_conditional: Floats | None
    "As `conditional`, under the evaluated policy."
    present: Flags
    "Which slots a page has."
    readers: Integers
    "The number of each page's reader, (pages,)."
    predicted: tuple[Floats, Floats] | None = None
    "A model's `predicted` and `expected` of each slot (see `slates.cascade_dr`); None if there is no model."

    def __len__(self) -> int:
        return len(self.reward)


PAIRS = (("propensity", "evaluation"), ("conditional", "evaluation_conditional"))
"""The probabilities that go together: of the log's policy, and of the evaluated policy."""


def read_pages(
    table: Any,  # noqa: ANN401
    *,
    page: str = "page_id",
    slot: str = "slot",
    reward: str = "reward",
    reader: str = "user_id",
    propensity: str = "propensity",
    evaluation: str = "evaluation",
    conditional: str = "conditional",
    evaluation_conditional: str = "evaluation_conditional",
) -> Pages:
    """Return the pages in a table of pandas, polars or pyarrow, or in a mapping from names of columns to arrays.

    A row is a slot of a page; slots count from 1, at the top. The arguments name the columns. Either `propensity` and
    `evaluation` must be there (this article in this slot), or `conditional` and `evaluation_conditional` (the same,
    given the slots above), or all four. `predicted` and `expected` are used if they are there. Raises InputError with
    everything that is wrong.
    """
    names = {*column_names(table)}
    chances = {
        "propensity": propensity,
        "evaluation": evaluation,
        "conditional": conditional,
        "evaluation_conditional": evaluation_conditional,
    }
    pairs = [pair for pair in PAIRS if {chances[one] for one in pair} <= names]
    missing = [name for name in (page, slot, reward) if name not in names]
    if missing or not pairs:
        expected = f"{page}, {slot}, {reward}, and {propensity} with {evaluation} or {conditional} with "
        raise InputError(
            f"log: found the columns {', '.join(sorted(names))}; expected {expected}{evaluation_conditional}. Name the "
            "columns that hold them."
        )
    columns = {"reward": numbers(table, reward)}
    for pair in pairs:
        columns |= {name: numbers(table, chances[name]) for name in pair}
    columns |= predictions(table, names)
    check_lengths(columns)
    for pair in pairs:
        named = reward, *(chances[name] for name in pair)
        check_probabilities(columns["reward"], columns[pair[0]], columns[pair[1]], *named, of="slots")
    return _laid_out(columns, numbered(table, page), _slots(numbers(table, slot)), _readers(table, reader, names))


def _slots(found: Floats) -> Integers:
    wrong = ~((found >= 1) & (found <= 10_000) & (found == np.floor(found)))
    if wrong.any():
        raise InputError(f"log: found slot {found[wrong][0]:g}, expected whole numbers from 1, which is at the top.")
    return found.astype(np.int64) - 1


def _readers(table: object, reader: str, names: set[str]) -> Integers | None:
    return readers_of(table, reader) if reader in names else None


def _laid_out(columns: dict[str, Floats], pages: Integers, slots: Integers, readers: Integers | None) -> Pages:
    """Return the rows as arrays (pages, slots)."""
    shape = int(pages.max()) + 1, int(slots.max()) + 1
    present = np.zeros(shape, np.bool_)
    present[pages, slots] = True
    if int(present.sum()) != len(pages):
        raise InputError("log: found a slot of a page twice, expected one row for each slot of a page.")
    laid = {}
    for name, values in columns.items():
        laid[name] = np.zeros(shape)
        laid[name][pages, slots] = values
    owners = np.arange(shape[0])
    if readers is not None:
        owners[pages] = readers
    predicted = (laid["predicted"], laid["expected"]) if "predicted" in laid else None
    parts = [laid.get(name) for pair in PAIRS for name in pair]
    propensity, evaluation, conditional, evaluation_conditional = parts
    return Pages(
        laid["reward"], propensity, conditional, evaluation, evaluation_conditional, present, owners, predicted
    )
