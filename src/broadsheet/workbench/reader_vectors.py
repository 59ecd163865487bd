"""A sample of reader vectors: the queries with which an index is chosen and measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.readers.history_weights import history_weights
from broadsheet.readers.state import reader_states
from broadsheet.tables.arrays import draw_rows
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from broadsheet.tables.vectors import vectors_to_numpy
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels


def sample_user_vectors(data: EditionData, models: EditionModels, count: int) -> npt.NDArray[np.float32]:
    """Return at most `count` vectors of readers, drawn with a fixed seed, (readers, dim).

    They are drawn from the edition's readers, or from all readers of the newsroom if the edition has no table of users
    yet. Readers without a history and without words of their own have no vector and are left out.
    """
    from broadsheet.retrieval import encode_users

    if data.edition.users.is_file():
        users = read_table(data.edition.users, USERS)
        users = users.take(pa.array(draw_rows(len(users), count)))
    else:
        audience = data.readers.audience
        known = audience.all()
        users = audience.state([known[row] for row in draw_rows(len(known), count)], data.as_of)
    if not len(users):
        return np.zeros((0, models.news_tower.dim), np.float32)
    readers, weigh = reader_states(users, data.catalogue), history_weights(data.acts)
    encoded = encode_users(readers, data.catalogue, models.news_tower.queries, models.user_tower, weigh)
    vectors = vectors_to_numpy(encoded)
    vectors = vectors[vectors.any(axis=1)]
    return vectors[draw_rows(len(vectors), count, seed=1)]
