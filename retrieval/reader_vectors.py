"""The vectors of readers: the user tower over what they read and over their own words."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.readers.history_weights import HistoryWeights
from broadsheet.readers.state import ReaderState
from broadsheet.retrieval.topic import topic_of
from broadsheet.retrieval.towers.news_tower import Encoder
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.tables.schemas import user_vectors
from broadsheet.tables.vectors import vectors_to_arrow


def encode_users(
    readers: Sequence[ReaderState],
    catalogue: Catalogue,
    encode: Encoder,
    user_tower: UserTower,
    weigh: HistoryWeights | None = None,
) -> pa.Table:
    """Return the table user_vectors of some readers; a reader of whom nothing is known gets zeros.

    `encode` makes vectors of readers' own words, as `NewsTower.queries` does. `weigh` gives the weights of the articles
    of a history; the reader's own words have the weight 1.
    """
    newest = user_tower.history
    weights = None if weigh is None else [weigh(reader)[-newest:] for reader in readers]
    sequences = [catalogue.vectors_of(reader.history[-newest:]) for reader in readers]
    spoken = [(row, reader.user["profile"]) for row, reader in enumerate(readers) if reader.profile]
    for (row, _), vector in zip(spoken, encode([topic_of(profile) for _, profile in spoken]), strict=True):
        sequences[row] = np.vstack([sequences[row], vector])  # what the reader says counts as the newest item
        if weights is not None:
            weights[row] = np.append(weights[row], 1.0)
    vectors = user_tower.encode(sequences, weights)  # (users, interests, dim)
    count, dim = vectors.shape[1:]
    columns = [
        pa.array([reader.user_id for reader in readers for _ in range(count)], pa.string()),
        pa.array(np.tile(np.arange(1, count + 1, dtype=np.int32), len(readers))),
        vectors_to_arrow(vectors.reshape(-1, dim)),
    ]
    return pa.table(columns, schema=user_vectors(dim))
