"""Searching an index, and opening one only after checking that it is the one that its table names."""

import json
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.index_build.flat import MANY, flat_vectors, search_flat
from broadsheet.index_build.parameters import Parameters, layers, search_parameters
from broadsheet.index_build.shards import cut, shard_path
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.files import file_sha256
from broadsheet.tables.locks import ThreadLock
from broadsheet.tables.schemas import INDEX

Found = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
"""Inner products and rows, (queries, k) each, best first; row -1 where fewer are found."""

GPU_LONGEST = 2048
"""FAISS gives no longer list on a GPU."""


class SearchIndex:
    """A FAISS index; safe to search from several threads. What can be is searched on a GPU, where FAISS has one."""

    def __init__(self, index: faiss.Index, tuned: Parameters | None = None) -> None:
        """Search as hard as was `tuned`, or as little as can be."""
        self._whole = index  # owns the memory of what is inside
        self._index, self._tuned = faiss.downcast_index(index), tuned or Parameters()
        self._copy, self._one_at_a_time = _to_gpu(self._index), ThreadLock()
        self._vectors = flat_vectors(self._index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether a search compares with every vector."""
        return isinstance(self._index, faiss.IndexFlat)

    def __call__(self, queries: npt.NDArray[np.float32], k: int) -> Found:
        """Return inner products and rows, (queries, min(k, vectors)) each, best first, for unit vectors (queries, dim).

        Where fewer are found, the rest has row -1. Inner products are exact, to the half precision of the refinement
        where there is one (1e-4), and those of the codes for kinds that keep codes alone.
        """
        k = min(k, len(self))
        options = search_parameters(self._index, self._tuned, k)
        queries = np.ascontiguousarray(queries, np.float32)
        if self._copy is not None and k <= GPU_LONGEST:
            with self._one_at_a_time:  # a GPU index has one scratch space
                scores, rows = self._copy.search(queries, k, params=options)
        elif self._vectors is not None and len(queries) >= MANY:
            scores, rows = search_flat(self._vectors, queries, k)
        else:
            scores, rows = self._index.search(queries, k, params=options)
        return scores, rows


class ShardedIndex:
    """Several indexes searched as one: rows count on from shard to shard. Safe if they are."""

    def __init__(self, shards: Sequence[SearchIndex]) -> None:
        self._shards = list(shards)
        self._starts = np.cumsum([0, *map(len, self._shards)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def is_exact(self) -> bool:
        """Whether a search compares with every vector."""
        return all(shard.is_exact for shard in self._shards)

    def __call__(self, queries: npt.NDArray[np.float32], k: int) -> Found:
        """Return what one index over the shards' vectors, one after the other, would; see SearchIndex."""
        found = [shard(queries, k) for shard in self._shards]
        scores = np.hstack([np.where(rows < 0, -np.inf, scores) for scores, rows in found])
        rows = [np.where(rows < 0, -1, rows + start) for (_, rows), start in zip(found, self._starts, strict=False)]
        order = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, len(self))]
        return np.take_along_axis(scores, order, 1), np.take_along_axis(np.hstack(rows), order, 1)


def open_index(
    index_path: Path, rows_path: Path, *, news_ids: pa.ChunkedArray, model: str
) -> SearchIndex | ShardedIndex:
    """Open an index, or its shards as one.

    Raises ContractError unless all is whole, of this model, and lists these articles in this order.
    """
    read_table(rows_path, INDEX, model=model)
    found = read_stamp(rows_path).get("shards", "1")
    if not (found.isdecimal() and 1 <= int(found) <= max(1, len(news_ids))):
        raise ContractError(f"{rows_path}: shards is {found!r}, expected 1 to {len(news_ids)}. Build again.")
    opened, count = [], int(found)
    for number, rows in enumerate(cut(len(news_ids), count)):
        index, table = shard_path(index_path, number, count), shard_path(rows_path, number, count)
        opened.append(_open_one(index, table, news_ids[rows], model))
    return opened[0] if count == 1 else ShardedIndex(opened)


def _open_one(index_path: Path, rows_path: Path, news_ids: pa.ChunkedArray, model: str) -> SearchIndex:
    rows = read_table(rows_path, INDEX, model=model)
    stamp = read_stamp(rows_path)
    found = file_sha256(index_path) if index_path.is_file() else "missing"
    if found != stamp.get("sha256"):
        raise ContractError(
            f"{index_path}: SHA-256 is {found}, expected {stamp.get('sha256')}. Build again, or roll back."
        )
    try:
        index = faiss.read_index(str(index_path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise ContractError(f"{index_path}: FAISS cannot read it ({error}). Build again, or roll back.") from error
    if index.ntotal != len(rows) or not rows.column("news_id").equals(news_ids):
        raise ContractError(
            f"{index_path}: {index.ntotal} vectors for {len(news_ids)} articles, or in another order. Build again."
        )
    return SearchIndex(index, read_parameters(rows_path, stamp))


def read_parameters(rows_path: Path, stamp: dict[str, str]) -> Parameters:
    """Return the parameters that the table's stamp holds; raises ContractError if they are none."""
    try:
        return Parameters(**{name: int(value) for name, value in json.loads(stamp.get("parameters", "{}")).items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise ContractError(
            f"{rows_path}: parameters is {stamp.get('parameters')!r}, expected efSearch, nprobe and k_factor as JSON. "
            "Build again."
        ) from error


def _to_gpu(index: faiss.Index) -> faiss.Index | None:
    """Return a copy on the GPUs, or None if there is no GPU, or the kind cannot be searched there."""
    count = getattr(faiss, "get_num_gpus", lambda: 0)()
    whole = len(layers(index)) == 1
    able = isinstance(index, faiss.IndexFlat | faiss.IndexIVFFlat | faiss.IndexIVFPQ | faiss.IndexIVFScalarQuantizer)
    return faiss.index_cpu_to_all_gpus(index) if count and whole and able else None
