"""A re-ranker of the site's own: it scores candidates in place of the weights and of the learned fusion."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.own_parts import Rerank, part_title
from broadsheet.own_parts.returns import call_part, checked_numbers
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Floats


def ask_reranker(
    rerank: Rerank, reader: ReaderState, catalogue: Catalogue, rows: Sequence[int], signals: Mapping[str, Floats]
) -> Floats:
    """Return the score of each candidate, (candidates,), by a re-ranker of the site's own.

    It reads the articles at `rows` with the columns of the table news and a column for each signal. Raises OwnPartError
    if it fails or returns what cannot be used.
    """
    candidates = catalogue.news.take(pa.array(rows, pa.int64()))
    for name, values in signals.items():
        candidates = candidates.append_column(name, pa.array(values, pa.float32(), from_pandas=True))
    title = part_title("re-ranker", "", rerank)
    return checked_numbers(title, call_part(title, rerank, reader.as_person(), candidates), len(rows), may_lack=False)
