"""The pages of an experiment as they were logged: who saw which arm when, and what was clicked and hidden there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.experiments.assignment import BETWEEN
from broadsheet.tables.arrays import Flags, Floats, Rows
from broadsheet.tables.arrow_files import epoch_seconds

KINDS = ("page", "click", "hide", "undo")
"""Kinds of events that an experiment is measured by."""
COLUMNS = (
    "event_id",
    "kind",
    "user_id",
    "time",
    "page_id",
    "news_id",
    "seconds",
    "undoes",
    "experiment",
    "arm",
    "shown",
)
"""Columns of the events that are read."""


@dataclass(frozen=True)
class Acts:
    """What readers did on the pages, each article of a page once."""

    pages: Rows
    "Row of the page of each act."
    times: Floats
    "Epoch seconds."


class ArmPages(NamedTuple):
    """Who saw which arm when."""

    reader: Rows
    "Number of each page's reader (pages,), by time."
    times: Floats
    "Epoch seconds of the pages."
    arms: Rows
    "Number of each reader's arm (readers,)."
    size: int
    "Number of arms."


@dataclass(frozen=True)
class Logged:
    """The pages of an experiment in the order of their times; a reader who saw two arms is left out."""

    readers: npt.NDArray[np.object_]
    "Ids of the readers, in the order of their first pages."
    arms: Rows
    "Number of each reader's arm (readers,)."
    names: tuple[str, ...]
    "Names of the arms by number."
    reader: Rows
    "Number of each page's reader (pages,)."
    times: Floats
    "Epoch seconds of the pages."
    seconds: Floats
    "Seconds that each page took to make, NaN where they were not logged."
    shown: pa.Table
    "Columns `page` (its row) and `news_id`: the articles of the pages."
    clicks: Acts
    hides: Acts
    mixed: int
    "Readers who saw two arms, and are left out of all else."
    first_seen: Rows
    "Number of the arm that each reader saw first, in the order of the first pages; readers of two arms included."

    @property
    def of_arms(self) -> ArmPages:
        """Who saw which arm when."""
        return ArmPages(self.reader, self.times, self.arms, len(self.names))

    @property
    def pages(self) -> int:
        """Number of pages."""
        return len(self.reader)


def read_logged(events: pa.Table, experiment: str, arms: tuple[str, ...]) -> Logged:
    """Return the pages of an experiment from events with COLUMNS; pages of arms that `arms` does not name are left out.

    An event that a reader took back does not count, and of several events of a page the first.
    """
    events = in_force(events)
    pages = pages_of(events, experiment)
    number = pc.index_in(pages.column("arm"), value_set=pa.array(arms))
    pages = pages.filter(pc.is_valid(number))
    arm = number.drop_null().to_numpy().astype(np.int64)
    user = pages.column("user_id").combine_chunks().dictionary_encode()
    users, code = user.dictionary.to_numpy(zero_copy_only=False), user.indices.to_numpy()
    first, mixed = _first_arms(code, arm, len(users))
    kept = ~mixed[code]
    reader = np.cumsum(~mixed) - 1  # users come in the order of their first pages already
    pages = pages.filter(pa.array(kept))
    return Logged(
        readers=users[~mixed],
        arms=first[~mixed],
        names=arms,
        reader=reader[code[kept]],
        times=epoch_seconds(pages.column("time")),
        seconds=pages.column("seconds").cast(pa.float64()).to_numpy(),
        shown=_shown(pages),
        clicks=_acts(events, pages, "click"),
        hides=_acts(events, pages, "hide"),
        mixed=int(mixed.sum()),
        first_seen=first,
    )


def in_force(events: pa.Table) -> pa.Table:
    """Return the events without the undos, and without what they took back."""
    undone = events.filter(pc.equal(events.column("kind"), "undo")).column("undoes").drop_null()
    return events.filter(pc.invert(pc.is_in(events.column("event_id"), value_set=undone.combine_chunks())))


def pages_of(events: pa.Table, experiment: str) -> pa.Table:
    """Return the pages of known readers in an experiment, each once, by time; `arm` is the arm in this experiment."""
    pages = events.filter(pc.equal(events.column("kind"), "page"))
    pages = pages.set_column(pages.schema.get_field_index("arm"), "arm", _arms_of(pages, experiment))
    is_known = pc.not_equal(pc.fill_null(pages.column("user_id"), ""), "")
    pages = pages.filter(pc.and_(pc.is_valid(pages.column("arm")), is_known))
    pages = pages.sort_by([("time", "ascending"), ("event_id", "ascending")])
    rows = pages.select(["page_id"]).append_column("row", pa.array(np.arange(len(pages))))
    first = rows.group_by("page_id").aggregate([("row", "min")]).column("row_min")
    return pages.take(first.take(pc.sort_indices(first)))


def clicked_articles(events: pa.Table, pages: pa.Table, kind: str = "click") -> pa.Table:
    """Return the clicked articles of pages, each once, by time: columns `page` (its row), `news_id` and `time`."""
    acts = events.filter(pc.equal(events.column("kind"), kind))
    page: Any = pc.index_in(acts.column("page_id"), value_set=pages.column("page_id").combine_chunks())
    acts = acts.append_column("page", page.cast(pa.int64())).filter(pc.is_valid(page))
    acts = acts.group_by(["page", "news_id"]).aggregate([("time", "min")]).sort_by("time_min")
    return acts.rename_columns(["page", "news_id", "time"])


def _arms_of(pages: pa.Table, experiment: str) -> pa.ChunkedArray:
    """Return the arm of each page in the experiment; null if the page is not part of it."""
    pair = pc.binary_join_element_wise(
        pc.fill_null(pages.column("experiment"), ""), pc.fill_null(pages.column("arm"), ""), "\0"
    )
    coded = pa.chunked_array(pair).combine_chunks().dictionary_encode()
    arms = []
    for text in coded.dictionary.to_pylist():
        names, _, theirs = text.partition("\0")
        arms.append(dict(zip(names.split(BETWEEN), theirs.split(BETWEEN), strict=False)).get(experiment))
    return pa.chunked_array([pa.array(arms, pa.string()).take(coded.indices)])


def _first_arms(code: Rows, arm: Rows, users: int) -> tuple[Rows, Flags]:
    """Return the arm that each user saw first, and which users saw another arm as well."""
    first = np.zeros(users, np.int64)
    first[code[::-1]] = arm[::-1]
    mixed = np.zeros(users, np.bool_)
    mixed[code[arm != first[code]]] = True
    return first, mixed


def _shown(pages: pa.Table) -> pa.Table:
    lists = pages.column("shown").combine_chunks()
    return pa.table({"page": pc.list_parent_indices(lists), "news_id": pc.list_flatten(lists)})


def _acts(events: pa.Table, pages: pa.Table, kind: str) -> Acts:
    found = clicked_articles(events, pages, kind)
    return Acts(found.column("page").to_numpy(), epoch_seconds(found.column("time")))
