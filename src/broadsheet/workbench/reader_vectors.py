"""Vectors of readers drawn from an edition: the queries that an index is chosen and measured with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from broadsheet.tables.vectors import vectors_to_numpy
from broadsheet.workbench.workbench import Workbench


def sample_user_vectors(bench: Workbench, count: int) -> npt.NDArray[np.float32]:
    """Return `count` vectors (count, dim) of the edition's readers, of all where it has none yet, drawn by a seed.

    Fewer where there are fewer; those of whom nothing is known are left out.
    """
    from broadsheet.retrieval import encode_users

    draw = np.random.default_rng(0)
    if bench.edition.users.is_file():
        users = read_table(bench.edition.users, USERS)
        users = users.take(pa.array(_draw(draw, len(users), count)))
    else:
        known = bench.audience.all()
        users = bench.audience.state([known[row] for row in _draw(draw, len(known), count)], bench.as_of)
    if not len(users):
        return np.zeros((0, bench.news_tower.dim), np.float32)
    vectors = vectors_to_numpy(encode_users(users, bench.catalogue, bench.news_tower, bench.user_tower))
    vectors = vectors[vectors.any(axis=1)]
    return vectors[_draw(draw, len(vectors), count)]


def _draw(draw: np.random.Generator, total: int, count: int) -> npt.NDArray[np.int64]:
    """Return the rows of a sample without repetition, in order."""
    return np.sort(draw.choice(total, min(total, count), replace=False)) if total else np.zeros(0, np.int64)
