"""The kinds of index worth a trial, as FAISS factory strings, and how each is built.

Flat compares with every vector. HNSW (Malkov and Yashunin 2016) walks a graph, of whole, half-precision or 8-bit
vectors. IVF with PQ fast-scan (André et al. 2015) or RaBitQ (Gao and Long 2024) compares short codes of the nearest
lists. Codes need a refinement: the best few are compared again with half-precision vectors, which stay in the file,
mapped.
"""

from math import log2

import faiss

from broadsheet.errors import ConfigError
from broadsheet.index_build.parameters import layers
from broadsheet.tables.vectors import MappedVectors

EF_CONSTRUCTION = 200
TRAIN_PER_LIST, TRAIN_ROWS = 64, 65_536
MOST_FLAT_LISTS = 4096
"""Above, the nearest lists are found by a graph of them: comparing with all would cost more than the lists."""


def candidates(count: int, dim: int) -> list[str]:
    """Return the kinds worth a trial for `count` vectors, in the order of their speed in benchmarks, fastest first.

    The time for trials may end before the last kinds.
    """
    lists = list_count(count)
    inverted = f"IVF{lists}" if lists <= MOST_FLAT_LISTS else f"IVF{lists}_HNSW32"
    kinds = [] if dim % 2 else [f"{inverted},PQ{dim // 2}x4fsr,Refine(SQfp16)"]
    kinds += ["HNSW32_SQfp16", "HNSW32_SQ8,Refine(SQfp16)", "HNSW32"]
    return [*kinds, f"{inverted},RaBitQfs,Refine(SQfp16)", "Flat"]


def list_count(count: int) -> int:
    """Return the number of inverted lists for `count` vectors: a power of two near 4 * sqrt(count)."""
    return int(max(1, min(2 ** round(log2(4 * count**0.5)), count // 39)))


def build_kind(kind: str, vectors: MappedVectors) -> faiss.Index:
    """Return the index over all vectors: trained on a sample of fixed seed, filled block by block.

    Raises ConfigError for what is no factory string, or if it cannot be trained on so few vectors.
    """
    try:
        index = faiss.index_factory(vectors.dim, kind, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            inner = _prepare(index)
            lists = inner.nlist if isinstance(inner, faiss.IndexIVF) else 0
            index.train(vectors.sample(max(TRAIN_ROWS, TRAIN_PER_LIST * lists)))
        _prepare(index)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].rsplit("Error: ", 1)[-1]
        raise ConfigError(
            f"index.kind: {kind!r} cannot be built for {len(vectors)} vectors of {vectors.dim} dimensions ({reason}). "
            "Name another FAISS factory string, or auto."
        ) from error
    _reserve(index, len(vectors))
    for block in vectors:
        index.add(block)
    return index


def _reserve(index: faiss.Index, count: int) -> None:
    """Give codes that lie in one array their memory at once: growing, it would be held twice while it is copied."""
    outer, inner = layers(index)[0], layers(index)[-1]
    parts = [inner.storage if isinstance(inner, faiss.IndexHNSW) else inner]
    parts += [outer.refine_index] if isinstance(outer, faiss.IndexRefine) else []
    for part in map(faiss.downcast_index, parts):
        if isinstance(part, faiss.IndexFlatCodes):
            part.codes.resize(count * part.code_size)
            part.codes.resize(0)  # FAISS lets nobody reserve; what is let go of stays reserved


def _prepare(index: faiss.Index) -> faiss.Index:
    """Set what the factory string cannot say."""
    inner: faiss.Index = layers(index)[-1]
    if isinstance(inner, faiss.IndexHNSW):
        inner.hnsw.efConstruction = EF_CONSTRUCTION
    if isinstance(inner, faiss.IndexIVF):
        inner.cp.spherical = True  # centroids of unit vectors compared by inner product
        inner.cp.min_points_per_centroid = 1  # fewer are no mistake here, and a warning each would hide those that are
    return inner


def memory_bytes(index: faiss.Index, size: int) -> int:
    """Return what an index of `size` bytes in its file keeps in memory: all but the refinement, which is mapped."""
    outer = layers(index)[0]
    if not isinstance(outer, faiss.IndexRefine):
        return size
    return size - outer.ntotal * int(outer.refine_index.sa_code_size())
