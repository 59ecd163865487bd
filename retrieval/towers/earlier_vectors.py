"""Vectors of earlier files, taken over by content hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import read_stamp, read_table, why_refused
from broadsheet.tables.files import link_or_copy, replacing
from broadsheet.tables.live_schemas import late_news
from broadsheet.tables.vectors import vectors_to_numpy

_HASH_DIGITS = 16


class Reusable:
    """The vectors of news_vectors tables, which stay on disk; each takes 24 bytes of memory."""

    def __init__(self, tables: Sequence[pa.Table], dim: int) -> None:
        batches = [batch for table in tables for batch in table.to_batches() if len(batch)]
        self._dim = dim
        self._tables = tables
        self._batches = [vectors_to_numpy(pa.Table.from_batches([batch])) for batch in batches]
        self._starts = np.cumsum([0, *map(len, batches)])
        hashes = [_hashes(batch.column("content_hash")) for batch in batches]
        unordered = np.concatenate(hashes) if hashes else np.zeros(0, f"S{_HASH_DIGITS}")
        self._order = np.argsort(unordered, kind="stable")
        self._sorted = unordered[self._order]

    def find(self, content_hashes: pa.Array) -> tuple[npt.NDArray[np.bool_], Vectors]:
        """Return which content hashes some file has, and vectors (hashes, dim): the last such file's, else zeros.

        Rows that lie side by side are copied in one go: a corpus in the order of its last edition costs one copy.
        """
        wanted = _hashes(content_hashes)
        vectors = np.zeros((len(wanted), self._dim), np.float32)
        if not len(self._sorted):
            return np.zeros(len(wanted), bool), vectors
        places = np.searchsorted(self._sorted, wanted, side="right") - 1
        found = (places >= 0) & (self._sorted[places] == wanted)
        here = np.flatnonzero(found)
        rows = self._order[places[here]]
        numbers = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(numbers):
            mine = numbers == number
            vectors[here[mine]] = self._batches[number][rows[mine] - self._starts[number]]
        return found, vectors

    def count_ids(self, news_ids: Sequence[str]) -> int:
        """Return how many of these articles the tables hold, whatever their content was."""
        if not news_ids or not self._tables:
            return 0
        ids = pa.array(news_ids, pa.string())
        held = [pc.is_in(ids, value_set=table.column("news_id").combine_chunks()) for table in self._tables]
        return int(np.logical_or.reduce([np.asarray(one) for one in held]).sum())


def _hashes(column: pa.Array) -> npt.NDArray[np.bytes_]:
    """Return a column of content hashes as bytes, without a Python object for each where all have 16 digits."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not len(column):
        return np.zeros(0, f"S{_HASH_DIGITS}")
    if pc.all(pc.equal(pc.binary_length(column), _HASH_DIGITS)).as_py():
        offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + 2]
        return np.frombuffer(column.buffers()[2], f"S{_HASH_DIGITS}", len(column), int(offsets[0]))
    return np.array(column.cast(pa.binary()).to_pylist(), np.bytes_)


def open_earlier(
    paths: Iterable[Path], schema: pa.Schema, fingerprint: str
) -> tuple[list[tuple[Path, pa.Table]], list[str]]:
    """Open the files with this model's vectors, tables news_vectors or late_news; say why other files are refused."""
    found, refused = [], []
    late = late_news(schema.field("vector").type.list_size)
    for path in paths:
        try:
            kind = late if read_stamp(path).get("table") == "late_news" else schema
            found.append((path, read_table(path, kind, model=fingerprint).select(schema.names)))
        except ContractError:
            refused.append(why_refused(path, schema, {"model": fingerprint}, {"model": "another model"}))
    return found, list(dict.fromkeys(refused))


def take_whole(earlier: Iterable[tuple[Path, pa.Table]], news: pa.Table, out: Path) -> bool:
    """Link the last file with exactly these articles in this order as `out`, if there is one; say whether there is."""
    for path, table in reversed(list(earlier)):
        same = len(table) == len(news) and all(
            table.column(name).equals(news.column(name)) for name in ("news_id", "content_hash")
        )
        if same:
            if path != out:
                with replacing(out) as part:
                    link_or_copy(path, part)
            return True
    return False
