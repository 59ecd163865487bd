"""Building the index: exact up to a size, HNSW above (Malkov and Yashunin 2016)."""

from pathlib import Path

import faiss
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.newsroom import file_sha256
from broadsheet.schemas import INDEX
from broadsheet.tables import replacing, vectors_to_numpy, write_table

HNSW_LINKS, HNSW_EF_CONSTRUCTION, HNSW_EF_SEARCH = 32, 200, 128
BLOCK = 50_000


def build_index(vectors: pa.Table, index_path: Path, rows_path: Path, *, model: str, exact_up_to: int) -> str:
    """Write the FAISS index of a news_vectors table, and the table index beside it; returns the kind, flat or hnsw.

    Rows follow the table's order; the metric is the inner product. Raises ContractError if there are no vectors.
    """
    array = vectors_to_numpy(vectors)
    if not len(array):
        raise ContractError("news_vectors: no rows, expected at least one article. Import articles first.")
    kind = "flat" if len(array) <= exact_up_to else "hnsw"
    index = _new_index(kind, array.shape[1])
    for start in range(0, len(array), BLOCK):
        index.add(array[start : start + BLOCK])
    with replacing(index_path) as part:
        faiss.write_index(index, str(part))
    stamp = {"model": model, "kind": kind, "dim": str(array.shape[1]), "metric": "inner_product"}
    write_table(rows_path, vectors.select(["news_id"]), INDEX, **stamp, sha256=file_sha256(index_path))
    return kind


def _new_index(kind: str, dim: int) -> faiss.Index:
    if kind == "flat":
        return faiss.IndexFlatIP(dim)
    index = faiss.IndexHNSWFlat(dim, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = HNSW_EF_CONSTRUCTION, HNSW_EF_SEARCH
    return index
