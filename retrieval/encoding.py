"""Encoding a corpus: streamed in blocks, each article once a model, resumed after a kill."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.newsroom import remove_folder
from broadsheet.progress import track
from broadsheet.retrieval.news_tower import Encoder, Vectors
from broadsheet.schemas import news_vectors
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

    Vectors of `known` files by the same model are taken over where the content hash agrees. What a killed run had
    encoded lies in a folder beside `out` and is taken over too.
    """
    schema = news_vectors(dim)
    parts = out.with_suffix(".parts")
    sources = _readable([*known, *sorted(parts.glob("*.arrow"))], schema, fingerprint)
    reusable = _Reusable(sources)
    encoded = 0
    with open_writer(out, schema, model=fingerprint) as writer:
        blocks = range(0, len(news), BLOCK)
        for start in track(blocks, "Encoding articles", total=len(news), weight=BLOCK):
            block = news.slice(start, BLOCK).select(["news_id", "content_hash", "title", "abstract", "category"])
            table, fresh = _encode_block(block, encode, reusable, schema)
            if len(fresh):
                write_table(_next_part(parts), fresh, schema, model=fingerprint)
                encoded += len(fresh)
            writer.write(table)
    remove_folder(parts)
    return EncodingReport(encoded, len(news) - encoded)


class _Reusable:
    """Vectors of earlier files, found by content hash."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._vectors: list[Vectors] = []
        self._where: dict[str, tuple[int, int]] = {}
        for number, table in enumerate(tables):
            self._vectors.append(vectors_to_numpy(table))
            for row, key in enumerate(table.column("content_hash").to_pylist()):
                self._where[key] = (number, row)

    def get(self, content_hash: str) -> Vectors | None:
        where = self._where.get(content_hash)
        return None if where is None else self._vectors[where[0]][where[1]]


def _encode_block(
    block: pa.Table, encode: Encoder, reusable: _Reusable, schema: pa.Schema
) -> tuple[pa.Table, pa.Table]:
    """Return the block's vectors, and the rows of it that had to be encoded."""
    rows = block.to_pylist()
    found = [reusable.get(row["content_hash"]) for row in rows]
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
    for path in paths:
        try:
            tables.append(read_table(path, schema, model=fingerprint))
        except ContractError:
            continue
    return tables


def _next_part(parts: Path) -> Path:
    return parts / f"{len(list(parts.glob('*.arrow'))):06d}.arrow"
