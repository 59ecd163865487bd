"""Columns of vectors as numpy arrays, and files of vectors that stay mapped."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.tables.arrays import Vectors, draw_rows


def vectors_to_numpy(table: pa.Table) -> npt.NDArray[np.float32]:
    """Return the vector column as an array (rows, dim), without a copy if it is one chunk."""
    column = table.column("vector")
    dim = column.type.list_size
    parts = [chunk.flatten().to_numpy().reshape(-1, dim) for chunk in column.chunks]
    if not parts:
        return np.zeros((0, dim), np.float32)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def vectors_to_arrow(vectors: npt.NDArray[np.float32]) -> pa.FixedSizeListArray:
    """Return an array (rows, dim) as a vector column."""
    item = pa.field("item", pa.float32(), nullable=False)
    values = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(values, type=pa.list_(item, vectors.shape[1]))


BLOCK = 50_000
"""Rows handed over at once: 73 MiB at 384 dimensions."""


class MappedVectors:
    """The vectors of a news_vectors table, in its order; only the rows that are taken are copied.

    (One array over all of them would be a copy of the file, since the batches of a file do not lie side by side.)
    """

    def __init__(self, table: pa.Table) -> None:
        column = table.column("vector")
        self.dim = int(column.type.list_size)
        self._parts: list[Vectors] = [
            chunk.flatten().to_numpy().reshape(-1, self.dim) for chunk in column.chunks if len(chunk)
        ]
        self._starts = np.cumsum([0, *map(len, self._parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __iter__(self) -> Iterator[Vectors]:
        """Yield arrays (rows, dim) of BLOCK rows at most, in order."""
        for part in self._parts:
            for start in range(0, len(part), BLOCK):
                yield part[start : start + BLOCK]

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Vectors:
        """Return an array (rows, dim) of these rows, in their order."""
        places = np.asarray(rows, np.int64)
        if len(self._parts) == 1:
            return self._parts[0][places]
        taken = np.empty((len(places), self.dim), np.float32)
        order = np.argsort(places, kind="stable")
        rising = places[order]
        bounds = np.searchsorted(rising, self._starts)  # (parts + 1,): where the rows of each part begin in `rising`
        for part in np.flatnonzero(np.diff(bounds)).tolist():
            here = slice(bounds[part], bounds[part + 1])
            taken[order[here]] = self._parts[part][rising[here] - self._starts[part]]
        return taken

    def whole(self) -> Vectors:
        """Return all vectors as one array (rows, dim): the mapped file itself if it is one batch, else a copy."""
        return self._parts[0] if len(self._parts) == 1 else self.take(np.arange(len(self)))

    def sample(self, count: int, seed: int = 0) -> Vectors:
        """Return `count` different vectors, or all if there are fewer, in order; the same vectors for the same seed."""
        return self.whole() if count >= len(self) else self.take(draw_rows(len(self), count, seed))

    def sha256(self) -> str:
        """Return the SHA-256 of the dimension and of all values in order, in hex, whatever the file's batches."""
        digest = hashlib.sha256(str(self.dim).encode())
        for block in self:
            digest.update(np.ascontiguousarray(block).data)
        return digest.hexdigest()


def as_vectors(array: Vectors) -> MappedVectors:
    """Return an array (rows, dim) as mapped vectors."""
    values = pa.array(np.ascontiguousarray(array, np.float32).ravel())
    column = pa.FixedSizeListArray.from_arrays(values, array.shape[1])
    return MappedVectors(pa.table({"vector": column}))
