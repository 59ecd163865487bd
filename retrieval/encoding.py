"""Encoding a corpus: streamed in blocks, each article once a model, resumed after a kill."""

import ctypes
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.newsroom import remove_folder
from broadsheet.parts import first_free_number, part_path, parts_of
from broadsheet.progress import track
from broadsheet.retrieval.news_tower import Encoder, Vectors
from broadsheet.schemas import late_news, news_vectors
from broadsheet.tables import open_writer, read_table, vectors_to_arrow, vectors_to_numpy, write_table

BLOCK = 1024
"""Articles encoded between two saves: some seconds of work, which is what a kill can lose."""


@dataclass(frozen=True)
class EncodingReport:
    """How many articles were encoded now, and how many vectors were taken over."""

    encoded: int
    reused: int


def news_text(title: str, abstract: str, category: str) -> str:
    """Return what the news tower reads of an article; the title first, so that truncation takes it last."""
    return ". ".join(part for part in (title.rstrip(". "), abstract.strip(), category) if part)


def encode_news(
    news: pa.Table, out: Path, encode: Encoder, *, dim: int, fingerprint: str, known: Sequence[Path] = ()
) -> EncodingReport:
    """Write the table news_vectors for a news table, in its order.

    Vectors of `known` files, tables news_vectors or late_news, are taken over where model and content hash agree. What
    a killed run had encoded lies in a folder beside `out` and is taken over too. Memory does not grow with the news,
    but for 24 bytes a vector that can be taken over; the files are mapped.
    """
    schema = news_vectors(dim)
    parts = parts_of(out)
    left = sorted(parts.glob("*.arrow"))  # by a run that was killed
    reusable = _Reusable(_readable([*known, *left], schema, fingerprint))
    part_names = (part_path(parts, number) for number in count(first_free_number(parts)))
    encoded = 0
    with open_writer(out, schema, model=fingerprint) as writer:
        blocks = range(0, len(news), BLOCK)
        for start in track(blocks, "Encoding articles", total=len(news), weight=BLOCK):
            block = news.slice(start, BLOCK).select(["news_id", "content_hash", "title", "abstract", "category"])
            table, fresh = _encode_block(block, encode, reusable, schema)
            if len(fresh):
                write_table(next(part_names), fresh, schema, model=fingerprint)
                encoded += len(fresh)
            writer.write(table)
            _give_back_memory()
    remove_folder(parts)
    return EncodingReport(encoded, len(news) - encoded)


def articles_to_encode(
    news: pa.Table, out: Path, *, dim: int, fingerprint: str, known: Sequence[Path] = ()
) -> list[list[int]]:
    """Return the rows of each block that `encode_news` would encode, blocks with none left out.

    Another process can encode them by `encode_block` and write the tables as parts of `out`: then `encode_news` finds
    nothing left to encode, and its table is the one that it would have made alone.
    """
    left = sorted(parts_of(out).glob("*.arrow"))
    reusable = _Reusable(_readable([*known, *left], news_vectors(dim), fingerprint))
    blocks = []
    for start in range(0, len(news), BLOCK):
        found = reusable.find(news.slice(start, BLOCK).column("content_hash"))
        blocks.append([start + number for number, vector in enumerate(found) if vector is None])
    return [rows for rows in blocks if rows]


def encode_block(news: pa.Table, encode: Encoder, *, dim: int) -> pa.Table:
    """Return the table news_vectors of some articles, encoded in one call."""
    block = news.select(["news_id", "content_hash", "title", "abstract", "category"])
    table, _ = _encode_block(block, encode, _Reusable([]), news_vectors(dim))
    return table


class _Reusable:
    """Vectors of earlier files, which stay on disk, found by content hash: 24 bytes a vector in memory."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        batches = [batch for table in tables for batch in table.to_batches() if len(batch)]
        self._batches = [vectors_to_numpy(pa.Table.from_batches([batch])) for batch in batches]
        self._starts = np.cumsum([0, *map(len, batches)])
        hashes = [_hashes(batch.column("content_hash")) for batch in batches]
        unordered = np.concatenate(hashes) if hashes else np.zeros(0, "S16")
        self._order = np.argsort(unordered, kind="stable")
        self._sorted = unordered[self._order]

    def find(self, content_hashes: pa.Array) -> list[Vectors | None]:
        """Return the vector of each content hash, that of the last file which has it, or None."""
        wanted = _hashes(content_hashes)
        places = np.searchsorted(self._sorted, wanted, side="right") - 1
        return [
            self._vector(self._order[place]) if place >= 0 and self._sorted[place] == key else None
            for place, key in zip(places, wanted, strict=True)
        ]

    def _vector(self, row: np.int64) -> Vectors:
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        vector: Vectors = self._batches[number][row - self._starts[number]]
        return vector


def _give_back_memory() -> None:
    """Hand freed memory to the system: the heaps of threads that have ended keep theirs, and the process would grow."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # glibc alone has it
    if trim:
        trim(0)


def _hashes(column: pa.Array) -> npt.NDArray[np.bytes_]:
    return np.array(column.cast(pa.binary()).to_pylist(), np.bytes_)


def _encode_block(
    block: pa.Table, encode: Encoder, reusable: _Reusable, schema: pa.Schema
) -> tuple[pa.Table, pa.Table]:
    """Return the block's vectors, and the rows of it that had to be encoded."""
    rows = block.to_pylist()
    found = reusable.find(block.column("content_hash"))
    missing = [number for number, vector in enumerate(found) if vector is None]
    texts = [news_text(rows[number]["title"], rows[number]["abstract"], rows[number]["category"]) for number in missing]
    fresh = encode(texts)  # (missing, dim)
    vectors = np.zeros((len(rows), schema.field("vector").type.list_size), np.float32)
    for number, vector in enumerate(found):
        if vector is not None:
            vectors[number] = vector
    vectors[missing] = fresh
    columns = [block.column("news_id"), block.column("content_hash"), vectors_to_arrow(vectors)]
    table = pa.table(columns, schema=schema)
    return table, table.take(pa.array(missing, pa.int64()))


def _readable(paths: Iterable[Path], schema: pa.Schema, fingerprint: str) -> list[pa.Table]:
    """Open the files that hold this model's vectors; one of another model or a damaged one is no source."""
    tables = []
    late = late_news(schema.field("vector").type.list_size)
    for path, kind in product(paths, (schema, late)):
        with suppress(ContractError):
            tables.append(read_table(path, kind, model=fingerprint).select(schema.names))
    return tables
