"""Sources and signals of the site's own, as a request asks them; what they return is checked."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.own_parts import OwnParts, part_title
from broadsheet.own_parts.returns import call_part, checked_numbers, checked_proposals
from broadsheet.readers.state import ReaderState
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Flags, Floats, Rows

NOTHING_PROPOSED: tuple[Rows, Floats] = (np.zeros(0, np.int64), np.zeros(0))
"""The rows and the scores of a source that was not asked."""


class OwnProposals:
    """What a source of the site's own proposed to the reader, who was asked about already."""

    def __init__(self, name: str, hidden: Flags) -> None:
        """`hidden` marks the articles that are not to be shown."""
        self._name, self._hidden = name, hidden

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return the n best that may be shown."""
        rows, _ = reader.own[self._name]
        return rows[~self._hidden[rows] & reader.allows(rows)][:n]

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the scores; NaN for an article that the source did not propose."""
        known = dict(zip(*(values.tolist() for values in reader.own[self._name]), strict=True))
        return np.array([known.get(row, np.nan) for row in rows.tolist()], np.float64)


def ask_sources(
    own: OwnParts, reader: ReaderState, catalogue: Catalogue, as_of: datetime, n: int
) -> dict[str, tuple[Rows, Floats]]:
    """Return what each source proposes to a reader: rows, the best first, and their scores.

    A source of weight 0 is turned off: it is not called and proposes nothing.

    Raises OwnPartError, which names the source, if it fails or returns what cannot be used.
    """
    found = {}
    for name, source in own.sources.items():
        if source.weight == 0:
            found[name] = NOTHING_PROPOSED
            continue
        title = part_title("source", name, source.call)
        returned = call_part(title, source.call, reader.as_person(), catalogue, as_of, n)
        found[name] = checked_proposals(title, returned, catalogue.row_of, n)
    return found


def ask_signals(
    own: OwnParts, reader: ReaderState, catalogue: Catalogue, as_of: datetime, rows: Sequence[int] | Rows
) -> dict[str, Floats]:
    """Return each signal of the articles at `rows`, (rows,), NaN where it cannot be known.

    Raises OwnPartError, which names the signal, if it fails or returns what cannot be used.
    """
    if not own.signals:
        return {}
    articles = catalogue.news.take(pa.array(np.asarray(rows, np.int64)))
    found = {}
    for name, signal in own.signals.items():
        title = part_title("signal", name, signal.call)
        returned = call_part(title, signal.call, reader.as_person(), articles, as_of)
        found[name] = checked_numbers(title, returned, len(articles), may_lack=True)
    return found
