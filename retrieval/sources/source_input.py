"""What the sources of candidates read of one reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.tables.arrays import Floats, Rows, Vectors
from broadsheet.tables.vectors import vectors_to_numpy


@dataclass(frozen=True)
class SourceInput:
    """What the sources of candidates read of one reader, as of the time of a request."""

    history: Rows
    "Catalogue rows read, oldest first."
    excluded: Rows
    "Catalogue rows read, hidden, muted or left out by filters, rising, each once."
    interests: Vectors
    "Unit vectors (interests, dim); zeros where nothing is known."
    near: Rows
    "Rows nearest to each interest, (interests, depth), best first, -1 for no row; found for many readers at once."
    co_clicks: tuple[Rows, Floats]
    "Rows clicked by those who clicked the history, rising, and their scores; found for many readers at once."
    vectors: Callable[[Rows], Vectors]
    "Looks up the vectors of rows, (rows, dim); shared by the readers of a block."
    few: Rows | None = None
    "The only rows that the filters of a page allow, rising, if these are few; None for many."
    own: Mapping[str, tuple[Rows, Floats]] = field(default_factory=dict)
    "What each source of the site's own proposes: rows, the best first, and their scores."

    def allows(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return for each row whether the reader has neither read, hidden nor muted it, and no filter leaves it out."""
        if not len(self.excluded):
            return np.ones(rows.shape, np.bool_)
        places = np.minimum(np.searchsorted(self.excluded, rows), len(self.excluded) - 1)
        return np.asarray(self.excluded[places] != rows)


class Source(Protocol):
    """A source of candidates as of one moment."""

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return n rows at most that the reader may be shown, best first; none where the source knows nothing."""

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the source's score of each row for the reader; NaN where it cannot be known."""


def interest_vectors(vectors: pa.Table) -> Vectors:
    """Return a table user_vectors as an array (users, interests, dim)."""
    array = vectors_to_numpy(vectors)
    interests = vectors.column("interest")[-1].as_py() if len(vectors) else 1
    return array.reshape(-1, interests, array.shape[1])
