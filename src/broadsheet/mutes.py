"""What readers do not want to see: whole categories and sources, by reader.

A table of its own, `readers/mutes.arrow`, and no column of the users table: that one is a snapshot in each
edition and in each running process, and what a reader mutes must hold at once, also for an edition that was built
before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.schemas import MUTES
from broadsheet.tables import read_table
from broadsheet.watched import Watched


class Mutes:
    """The table mutes, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._row_of = {user_id: row for row, user_id in enumerate(table.column("user_id").to_pylist())}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._row_of

    def of(self, user_id: str) -> tuple[list[str], list[str]]:
        """Return the categories and the sources that a reader muted."""
        row = self._row_of.get(user_id)
        if row is None:
            return [], []
        categories, sources = (self._table.column(name)[row].as_py() for name in ("categories", "sources"))
        return categories, sources

    def flags(self, user_id: str, news: pa.Table) -> npt.NDArray[np.bool_]:
        """Return for each article of a news table, or of its columns category and source, whether it is muted."""
        categories, sources = self.of(user_id)
        muted = pc.or_(_is_in(news.column("category"), categories), _is_in(news.column("source"), sources))
        return np.asarray(muted.to_numpy(), np.bool_)


NO_MUTES = Mutes(MUTES.empty_table())


class MutesFile:
    """The mutes of a newsroom as they are now; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Take the file, which need not be there."""
        self._watched = Watched(path, lambda path: Mutes(read_table(path, MUTES)), NO_MUTES)

    def __call__(self) -> Mutes:
        """Return the mutes, read again where the file has changed.

        Raises ContractError if it is damaged: to go on without could show what was muted.
        """
        return self._watched()


def _is_in(column: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array([name for name in names if name], pa.string()))
