"""Searching an index, and opening one only after checking that it is the one that its table names."""

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.index_build.build import HNSW_EF_SEARCH
from broadsheet.newsroom import file_sha256
from broadsheet.schemas import INDEX
from broadsheet.tables import read_stamp, read_table


class SearchIndex:
    """A FAISS index; safe to search from several threads."""

    def __init__(self, index: faiss.Index) -> None:
        self._whole = index  # owns the memory of what downcast_index returns
        self._index = faiss.downcast_index(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def __call__(
        self, queries: npt.NDArray[np.float32], k: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return inner products and rows, (queries, k) each, best first, for unit vectors (queries, dim).

        Where fewer than k are found, the rest has row -1.
        """
        options = None
        if isinstance(self._index, faiss.IndexHNSW):
            options = faiss.SearchParametersHNSW(efSearch=max(HNSW_EF_SEARCH, 2 * k))  # type: ignore[attr-defined]
        scores, rows = self._index.search(np.ascontiguousarray(queries, np.float32), min(k, len(self)), params=options)
        return scores, rows


def open_index(index_path: Path, rows_path: Path, *, news_ids: pa.ChunkedArray, model: str) -> SearchIndex:
    """Open an index; raises ContractError unless it is whole, of this model, and lists these articles in this order."""
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
    return SearchIndex(index)
