"""What there is to learn on from: impressions since a moment, the last of them held out, and some from before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.impressions import Impression, make_impression, require_splits
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS

RUN = 50
"""Impressions, one after the other, that are drawn together."""
_COLUMNS = ["impression_id", "user_id", "time", "history", "shown", "clicked", "propensity"]


@dataclass(frozen=True)
class Pool:
    """The labelled impressions of some splits, oldest first."""

    table: pa.Table
    "Columns of table impressions, and `number`, which no two impressions share."
    catalogue: Catalogue

    def __len__(self) -> int:
        return len(self.table)

    def until(self, moment: datetime | None) -> Pool:
        """Return the impressions up to a moment, which itself belongs to them; all if there is no moment."""
        return self if moment is None else self._where(pc.less_equal(self.table["time"], pa.scalar(moment)))

    def after(self, moment: datetime | None) -> Pool:
        """Return the impressions after a moment; all if there is no moment."""
        return self if moment is None else self._where(pc.greater(self.table["time"], pa.scalar(moment)))

    def newest(self, count: int) -> Pool:
        """Return the last impressions, at most `count`."""
        return Pool(self.table.slice(max(0, len(self) - count)), self.catalogue)

    def drawn(self, count: int, seed: int) -> Pool:
        """Return at most `count` impressions drawn at random, oldest first.

        Runs of RUN impressions are drawn, so that the counts of clicks are needed as of few moments.
        """
        starts = np.random.default_rng(seed).permutation(np.arange(0, len(self), RUN))
        rows = (starts[:, None] + np.arange(RUN)).ravel()
        return Pool(self.table.take(pa.array(np.sort(rows[rows < len(self)][:count]))), self.catalogue)

    def last(self) -> datetime | None:
        """Return the time of the last impression; None if there is no impression."""
        return self.table["time"][-1].as_py() if len(self) else None

    def quantile(self, share: float) -> datetime:
        """Return the time up to which a share of at least one impression lies."""
        moment: datetime = self.table["time"][min(len(self) - 1, max(0, int(share * len(self)) - 1))].as_py()
        return moment

    def read(self) -> list[Impression]:
        """Return the impressions that show both a clicked article and an unclicked article, among those with text."""
        rows = self.table.to_pylist()
        found = [make_impression(self.catalogue, row, row["number"]) for row in rows]
        return [one for one in found if one.rankable]

    def propensities(self) -> dict[int, list[float] | None]:
        """Return the probabilities of the slots of each impression by its number; None where they were not logged."""
        return dict(zip(self.table["number"].to_pylist(), self.table["propensity"].to_pylist(), strict=True))

    def _where(self, kept: pa.ChunkedArray) -> Pool:
        return Pool(self.table.filter(kept), self.catalogue)


def read_pool(newsroom: Newsroom, catalogue: Catalogue, splits: Sequence[str] = ()) -> Pool:
    """Return the labelled impressions of some splits, of all splits if none is named.

    Raises CorpusError if a split that is named was not imported.
    """
    require_splits(newsroom, *splits)
    paths = [newsroom.impressions(split) for split in splits] or newsroom.all_impressions()
    tables = [read_table(path, IMPRESSIONS).select(_COLUMNS) for path in paths]
    found = pa.concat_tables([IMPRESSIONS.empty_table().select(_COLUMNS), *tables])
    found = found.filter(pc.greater(pc.list_value_length(found["clicked"]), 0))
    return make_pool(found.take(pc.sort_indices(found, [("time", "ascending")])), catalogue)


def make_pool(table: pa.Table, catalogue: Catalogue) -> Pool:
    """Return the pool of impressions that are in order of time already."""
    return Pool(table.append_column("number", pa.array(np.arange(len(table)))), catalogue)
