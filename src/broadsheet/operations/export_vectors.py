"""The vectors of an edition as files for numpy, or as Parquet."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.catalogue import as_of_now, make_catalogue
from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import require_outside
from broadsheet.operations.editions import named_edition
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.named_files import named_output
from broadsheet.tables.schemas import NEWS, news_vectors, user_vectors
from broadsheet.tables.vectors import MappedVectors

FORMATS = ("npy", "parquet")


def export_vectors(newsroom: Newsroom, out: Path, edition: str = "", kind: str = "npy") -> str:
    """Write the article and reader vectors of an edition into the folder `out`, and return a line on it.

    Vectors are float32, of unit length or, for readers without a history, zero. `kind` npy: `news_vectors.npy`
    (articles, dim) with `news_ids.txt`, an id on each line; `user_vectors.npy` (readers, interests, dim) with
    `user_ids.txt`. `kind` parquet: `news_vectors.parquet` (news_id, vector) and `user_vectors.parquet` (user_id,
    interest, vector). All files are written before the first of them takes the place of an older file.

    Articles under an embargo, and those that have expired, are left out.

    Raises InputError for another `kind` or an `out` that is a file, NewsroomError if there is no such edition.
    """
    if kind not in FORMATS:
        raise InputError(f"format: found {kind!r}, expected {' or '.join(FORMATS)}.")
    if out.exists() and not out.is_dir():
        raise InputError(f"out {out}: found a file, expected a folder, which is made if it does not exist.")
    chosen = named_edition(newsroom, edition) if edition else newsroom.current()
    require_outside(newsroom, out)
    chosen.require_whole()
    dim = int(read_stamp(chosen.index_rows)["dim"])
    articles = read_table(chosen.news_vectors, news_vectors(dim))
    catalogue = as_of_now(make_catalogue(read_table(chosen.news, NEWS), articles), time.time())
    articles = articles.filter(pa.array(~catalogue.gone))
    readers = read_table(chosen.user_vectors, user_vectors(dim))
    interests = pc.max(readers.column("interest")).as_py() or 1
    people = len(readers) // interests
    with ExitStack() as whole:

        def new(name: str) -> IO[bytes]:
            return whole.enter_context(whole.enter_context(named_output(out / name)).open("wb"))

        if kind == "parquet":
            _write_parquet(new("news_vectors.parquet"), articles.select(["news_id", "vector"]))
            _write_parquet(new("user_vectors.parquet"), readers.select(["user_id", "interest", "vector"]))
        else:
            _write_array(new("news_vectors.npy"), articles, (len(articles), dim))
            _write_ids(new("news_ids.txt"), articles.column("news_id"))
            _write_array(new("user_vectors.npy"), readers, (people, interests, dim))
            _write_ids(new("user_ids.txt"), readers.column("user_id").take(np.arange(0, len(readers), interests)))
    return f"{out}: vectors of {len(articles):,} articles and {people:,} readers by edition {chosen.name}"


def _write_array(file: IO[bytes], table: pa.Table, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    for block in MappedVectors(table):
        file.write(np.ascontiguousarray(block, "<f4").data)


def _write_ids(file: IO[bytes], ids: pa.ChunkedArray) -> None:
    for chunk in ids.chunks:
        file.write("".join(f"{name}\n" for name in chunk.to_pylist()).encode())


def _write_parquet(file: IO[bytes], table: pa.Table) -> None:
    from pyarrow import parquet

    plain = pa.schema([field.remove_metadata() for field in table.schema])
    with parquet.ParquetWriter(file, plain) as writer:
        writer.write_table(table.replace_schema_metadata(None).cast(plain))
