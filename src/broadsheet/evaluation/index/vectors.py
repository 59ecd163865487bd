"""Article vectors for the benchmark of indexes, widened from those of a newsroom, and how hard they are to search.

A new vector lies between an article and one of its near neighbours, moved by noise, and set to unit length. The check
draws as many new vectors as there are articles and compares what the same readers find in both.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa

from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.schemas import news_vectors
from broadsheet.tables.vectors import vectors_to_arrow

NEIGHBOURS = 20
NOISE = 0.45
"""Length of the noise: with it the check below comes out even."""
BLOCK = 50_000
TOP = 100


def widen(vectors: Vectors, count: int, seed: int = 0) -> Iterator[Vectors]:
    """Yield blocks of `count` new vectors in all (count, dim)."""
    draw = np.random.default_rng(seed)
    _, near = faiss.knn(vectors, vectors, NEIGHBOURS + 1, metric=faiss.METRIC_INNER_PRODUCT)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        rows = draw.integers(len(vectors), size=size)
        others = near[rows, draw.integers(1, NEIGHBOURS + 1, size=size)]
        share = draw.uniform(0, 0.5, size=(size, 1)).astype(np.float32)
        mixed = (1 - share) * vectors[rows] + share * vectors[others]
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        mixed += NOISE / vectors.shape[1] ** 0.5 * draw.standard_normal(mixed.shape, np.float32)
        yield mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def make_table(vectors: Vectors, count: int, path: Path) -> pa.Table:
    """Return a mapped news_vectors table of `count` vectors: the articles' own, then new ones; made where missing."""
    schema = news_vectors(vectors.shape[1])
    if not path.is_file():
        with open_writer(path, schema) as writer:
            written = 0
            for block in chain([vectors[:count]], widen(vectors, max(0, count - len(vectors)))):
                ids = pa.array([f"N{row}" for row in range(written, written + len(block))])
                writer.write(pa.table([ids, ids, vectors_to_arrow(block)], schema=schema))
                written += len(block)
    return read_table(path, schema)


def difficulty(vectors: Vectors, queries: Vectors) -> dict[str, float]:
    """Return what makes a search hard: the inner products found, and how many are nearly as near.

    `dimension` is the local intrinsic dimension by maximum likelihood over the distances (Amsaleg et al. 2015).
    """
    scores, _ = faiss.knn(queries, vectors, TOP, metric=faiss.METRIC_INNER_PRODUCT)
    distances = np.sqrt(np.maximum(2 - 2 * scores, 1e-12))
    ratios = np.log(distances[:, :-1] / distances[:, -1:]).mean(axis=1)
    return {
        "score_1": float(scores[:, 0].mean()),
        "score_10": float(scores[:, 9].mean()),
        "score_100": float(scores[:, -1].mean()),
        "spread_100": float(scores[:, -1].std()),
        "dimension": float(np.median(-1 / ratios)),
    }


def compare(vectors: Vectors, queries: Vectors) -> dict[str, dict[str, float]]:
    """Return the difficulty of the articles' own vectors and of as many new ones."""
    new = np.vstack(list(widen(vectors, len(vectors), seed=1)))
    return {"articles": difficulty(vectors, queries), "widened": difficulty(new, queries)}
