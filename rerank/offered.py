"""Which candidates of each reader are ranked: the first that the reader did not mute and that filters allow."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.policy.filters import read_first
from broadsheet.tables.arrays import Rows


def offered_places(
    catalogue: Catalogue,
    readers: Sequence[ReaderState],
    candidates: pa.Table,
    depth: int,
    selection: Selection | None,
    places: int,
) -> list[Rows]:
    """Return for each reader the rows of the table candidates that are ranked, at most `depth`, best first.

    With a selection they are chosen so that a page of `places` can be filled; see `read_first`.
    """
    bounds = _bounds(candidates)
    found = []
    for reader in readers:
        start, end = bounds.get(reader.user_id, (0, 0))
        offered = np.arange(start, end)
        if len(offered) and (selection is not None or reader.has_mutes):
            rows = np.array(catalogue.rows(candidates.column("news_id")[start:end].to_pylist()), np.int64)
            articles = catalogue.news.select(["category", "source"]).take(pa.array(rows))
            allowed = ~reader.mutes(articles) & (selection.allowed[rows] if selection is not None else True)
            offered, rows = offered[allowed], rows[allowed]
            if selection is not None:
                offered = offered[read_first(selection, rows.tolist(), depth, places)]
        found.append(offered[:depth])
    return found


def _bounds(candidates: pa.Table) -> dict[str, tuple[int, int]]:
    """Return where each user's rows begin and end in the table, in which they stand together, in order of rank."""
    if not len(candidates):
        return {}
    users = np.array(candidates.column("user_id").to_pylist(), dtype=object)
    starts = [0, *(np.flatnonzero(users[1:] != users[:-1]) + 1).tolist(), len(users)]
    return {users[start]: (start, end) for start, end in pairwise(starts)}
