"""The rows of the table candidates, made of the lists of some readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.retrieval.sources.snapshot import Moment
from broadsheet.tables.arrays import Floats, Rows, falling_scores
from broadsheet.tables.own_scores import own_column
from broadsheet.tables.schemas import CANDIDATES, SOURCES


@dataclass(frozen=True)
class Offer:
    """The candidates of one reader, best first; all arrays are (candidates,)."""

    user_id: str
    rows: Rows
    "Catalogue rows."
    fused: Floats
    "The weighted sum of the sources' scores."
    scores: Mapping[str, Floats]
    "The scores of each source, NaN where a score cannot be known."
    unseen: Floats
    "The signal `unseen`, NaN where it cannot be known."
    own: Mapping[str, Floats]
    "The same for the site's own sources and signals."


def candidates_table(catalogue: Catalogue, moment: Moment, offers: Sequence[Offer]) -> pa.Table:
    """Return the table candidates of some readers as of a moment, reader by reader."""
    if not offers:
        return CANDIDATES.empty_table()
    lengths = [len(offer.rows) for offer in offers]
    ranks = np.concatenate([np.arange(length) for length in lengths])
    rows = np.concatenate([offer.rows for offer in offers])
    users = pa.array([offer.user_id for offer in offers], pa.string())
    own = {name: np.concatenate([offer.own[name] for offer in offers]) for name in offers[0].own}
    columns = {
        "user_id": users.take(pa.array(np.repeat(np.arange(len(offers)), lengths))),
        "news_id": catalogue.ids(rows),
        "rank": pa.array(ranks + 1, pa.int32()),
        "score": pa.array(falling_scores(max(lengths))[ranks]),
        "fused": _floats(np.concatenate([offer.fused for offer in offers])),
        **{name: _floats(np.concatenate([offer.scores[name] for offer in offers])) for name in SOURCES},
        "click_rate": _floats(moment.click_rates[rows]),
        "trend": _floats(moment.trends[rows]),
        "unseen": _floats(np.concatenate([offer.unseen for offer in offers])),
        "own": own_column(own, len(rows)),
    }
    return pa.table(columns, schema=CANDIDATES)


def _floats(values: Floats) -> pa.Array:
    return pa.array(np.asarray(values, np.float32), from_pandas=True)
