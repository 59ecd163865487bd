"""The rows of the table ranked, made of the arrays of a block."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from broadsheet.rerank.block import Block
from broadsheet.rerank.policy.selection import Order
from broadsheet.tables.arrays import Floats, Rows, falling_scores
from broadsheet.tables.own_scores import own_column
from broadsheet.tables.schemas import RANKED

Reasons = tuple[Rows, Sequence[str]]
"""For each place of each page: the row of the history article that its reason names, or below 0, and the reason."""


def ranked_table(
    user_ids: pa.ChunkedArray,
    block: Block,
    order: Order,
    columns: Mapping[str, Floats],
    own: Mapping[str, Floats],
    hashes: Sequence[str | None],
    reasons: Reasons,
    distance: Floats,
) -> pa.Table:
    """Return table ranked with the rows of each reader in their `order`, (readers, candidates).

    `user_ids` and `hashes` are those of the candidates, reader by reader. `columns` and the site's `own` signals have
    values (readers, candidates) in the order of the candidates; NaN becomes null. `distance` (readers, places) is in
    the order of the page already.
    """
    flat = {name: block.in_order(values, order) for name, values in {**columns, **own}.items()}
    begins = np.cumsum(block.lengths) - block.lengths
    places = (order + begins[:, None])[block.there]  # of each row of the page, its place among the candidates
    ranks = np.broadcast_to(np.arange(order.shape[1]), order.shape)[block.there]
    because, texts = reasons
    known = block.catalogue.news.column("news_id")
    made: dict[str, pa.Array] = {
        "user_id": user_ids,
        "news_id": known.take(pa.array(block.in_order(block.rows, order))),
        "rank": pa.array(ranks + 1, pa.int32()),
        "score": pa.array(falling_scores(order.shape[1])[ranks]),
        "own": own_column({name: flat[name] for name in own}, len(places)),
        "pair_hash": pa.array([hashes[place] for place in places.tolist()], pa.string()),
        "diversity": pa.array(distance[block.there].astype(np.float32)),
        "because_news_id": known.take(pa.array(because, mask=because < 0)),
        "reason": pa.array(texts, pa.string()),
    }
    made |= {name: pa.array(flat[name].astype(np.float32), from_pandas=True) for name in columns}
    return pa.table({name: made[name] for name in RANKED.names}, schema=RANKED)
