"""Encoding a corpus: in blocks, each article once for each model, resumed after a kill."""

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.progress import track
from broadsheet.retrieval.towers.article_text import PLAIN, ArticleText
from broadsheet.retrieval.towers.earlier_vectors import Reusable, open_earlier, take_whole
from broadsheet.retrieval.towers.news_tower import Encoder
from broadsheet.tables.arrow_files import open_writer, write_table
from broadsheet.tables.files import first_free_number, part_path, parts_of, remove_folder
from broadsheet.tables.schemas import news_vectors
from broadsheet.tables.vectors import vectors_to_arrow

BLOCK = 1024
"""Articles encoded between two saves: some seconds of work, which is what a kill can lose."""


@dataclass(frozen=True)
class EncodingReport:
    """How many articles were encoded now, and how many vectors were taken over."""

    encoded: int
    reused: int
    changed: int = 0
    "How many of the encoded articles an earlier file has with another content."
    refused: tuple[str, ...] = ()
    "Why earlier files could not be used, such as another model; each reason once."


def encode_news(
    news: pa.Table,
    out: Path,
    encode: Encoder,
    *,
    dim: int,
    fingerprint: str,
    earlier: Sequence[Path] = (),
    text: ArticleText = PLAIN,
) -> EncodingReport:
    """Write the table news_vectors for a news table, in its order; `text` is what is read of each article.

    Vectors of `earlier` files, tables news_vectors or late_news, are taken over where model and content hash agree. A
    file with exactly these articles in this order is linked as a whole. What a killed run had encoded lies in a folder
    beside `out`, and is taken over too. The files are mapped: memory grows by 24 bytes for each vector that can be
    taken over, and by the ids of the articles that are encoded.
    """
    schema = news_vectors(dim)
    parts = parts_of(out)
    left = sorted(parts.glob("*.arrow"))  # by a run that was killed
    sources, refused = open_earlier([*earlier, *left], schema, fingerprint)
    if take_whole(sources, news, out):
        remove_folder(parts)
        return EncodingReport(0, len(news), 0, tuple(refused))
    reusable = Reusable([table for _, table in sources], dim)
    part_names = (part_path(parts, number) for number in count(first_free_number(parts)))
    encoded, ids = 0, list[str]()
    with open_writer(out, schema, model=fingerprint) as writer:
        blocks = range(0, len(news), BLOCK)
        for start in track(blocks, "Encoding articles", total=len(news), weight=BLOCK):
            table, fresh = _encode_block(news.slice(start, BLOCK), encode, reusable, schema, text)
            if len(fresh):
                write_table(next(part_names), fresh, schema, model=fingerprint)
                encoded += len(fresh)
                ids += fresh.column("news_id").to_pylist() if sources else []
            writer.write(table)
            if len(fresh):
                _give_back_memory()
    remove_folder(parts)
    return EncodingReport(encoded, len(news) - encoded, reusable.count_ids(ids), tuple(refused))


def articles_to_encode(
    news: pa.Table, out: Path, *, dim: int, fingerprint: str, earlier: Sequence[Path] = ()
) -> list[list[int]]:
    """Return the rows of each block that `encode_news` would encode; a block with nothing to encode is left out.

    Another process can encode a block with `encode_block` and write the table as a part of `out`. Then `encode_news`
    finds nothing left to encode, and writes the same table as if it had encoded everything.
    """
    left = sorted(parts_of(out).glob("*.arrow"))
    sources, _ = open_earlier([*earlier, *left], news_vectors(dim), fingerprint)
    reusable = Reusable([table for _, table in sources], dim)
    blocks = []
    for start in range(0, len(news), BLOCK):
        found, _ = reusable.find(news.slice(start, BLOCK).column("content_hash"))
        blocks.append((start + np.flatnonzero(~found)).tolist())
    return [rows for rows in blocks if rows]


def encode_block(news: pa.Table, encode: Encoder, *, dim: int, text: ArticleText = PLAIN) -> pa.Table:
    """Return the table news_vectors of some articles, encoded in one call."""
    table, _ = _encode_block(news, encode, Reusable([], dim), news_vectors(dim), text)
    return table


def _give_back_memory() -> None:
    """Hand freed memory to the system: the heaps of threads that have ended keep theirs, and the process would grow."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # glibc alone has it
    if trim:
        trim(0)


def _encode_block(
    block: pa.Table, encode: Encoder, reusable: Reusable, schema: pa.Schema, text: ArticleText
) -> tuple[pa.Table, pa.Table]:
    """Return the block's vectors, and the rows of it that had to be encoded."""
    found, vectors = reusable.find(block.column("content_hash"))
    missing = np.flatnonzero(~found)
    texts = text(block.select(list(text.columns)).take(pa.array(missing, pa.int64())))
    vectors[missing] = encode(texts)  # (missing, dim)
    columns = [block.column("news_id"), block.column("content_hash"), vectors_to_arrow(vectors)]
    table = pa.table(columns, schema=schema)
    return table, table.take(pa.array(missing, pa.int64()))
