"""Which slots of an editor a reader's page has: a slot may be meant for the readers of a category alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Integers, Rows

LEAST_SHARE = 0.2
"""Least share of a reader's history in a category that makes the reader one of the category."""


def reads_category(reader: ReaderState, category: str, catalogue: Catalogue) -> bool:
    """Return whether a reader is one of a category: a fifth of the history is in it, or the own words name it."""
    if category.casefold() in reader.profile.casefold():
        return True
    names = catalogue.names["category"]
    wanted = [number for number, name in enumerate(names.names) if name.casefold() == category.casefold()]
    if not reader.history or not wanted:
        return False
    return bool(np.isin(names.numbers[list(reader.history)], wanted).mean() >= LEAST_SHARE)


def slots_of(selection: Selection, reader: ReaderState, catalogue: Catalogue) -> dict[int, int]:
    """Return the place of each article with a slot on a reader's page, by the article's row.

    No two have the same place: of two articles for one slot, the last one named gets it, and the other the next that
    is free. Articles that the reader read or hid have none.
    """
    seen = {*reader.history, *catalogue.rows(reader.user["hidden"])} if selection.slots else set()
    taken: dict[int, int] = {}
    for slot in reversed(selection.slots):
        if slot.row in seen or slot.row in taken.values() or not _is_for(slot.categories, reader, catalogue):
            continue
        place = slot.place
        while place in taken:
            place += 1
        taken[place] = slot.row
    return {row: place for place, row in taken.items()}


def with_slots(selection: Selection, reader: ReaderState, catalogue: Catalogue) -> Selection:
    """Return the selection with a reader's articles with slots among the pinned ones, so that they are candidates."""
    rows = [*slots_of(selection, reader, catalogue)]
    if not rows:
        return selection
    pinned = selection.pinned.copy()
    pinned[rows] = True
    return replace(selection, pinned=pinned)


def slot_places(selection: Selection, readers: Sequence[ReaderState], rows: Rows, catalogue: Catalogue) -> Integers:
    """Return the place that each article has by a slot, 0 without one; `rows` are those of each reader's list.

    Both are (readers, items).
    """
    places = np.zeros(rows.shape, np.int64)
    if selection.slots:
        for number, reader in enumerate(readers):
            for row, place in slots_of(selection, reader, catalogue).items():
                places[number, rows[number] == row] = place
    return places


def _is_for(categories: Sequence[str], reader: ReaderState, catalogue: Catalogue) -> bool:
    return not categories or any(reads_category(reader, category, catalogue) for category in categories)
