"""Candidates that filters ask for: pinned articles, fewest articles of a kind, and articles that are lifted."""

from collections.abc import Callable

import numpy as np

from broadsheet.corpus.filters import Selection
from broadsheet.retrieval.sources.snapshot import Moment
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Rows

LIFTED = 20
"""Lifted articles that become candidates though no source proposed them, the most popular and newest of them."""
FEW = 5000
"""With so few articles allowed, a reader is compared with each of them, since an index would be searched to its end."""


def with_wanted(rows: Rows, reader: SourceInput, moment: Moment, selection: Selection, count: int) -> Rows:
    """Return candidates and, of what the filters ask for, all that the reader may be shown, each row once."""
    wanted = [moment.best(reader, selection.pinned, count), moment.best(reader, selection.boosts > 0, LIFTED)]
    wanted += [moment.best(reader, quota.articles, quota.least) for quota in selection.quotas]
    more = np.unique(np.concatenate(wanted))
    return np.concatenate([rows, more[~np.isin(more, rows)]])


def wanted_first(order: Rows, arrange: Callable[[Rows], Rows], selection: Selection, n: int) -> Rows:
    """Return n candidates in order: pinned ones, the fewest of each quota, then all others, lifted by their boosts.

    `arrange` puts the rows of `order`, best first, into the order without filters; its first and last place are a
    boost of 1 apart. So no wanted article is cut off before the re-ranker has read it.
    """
    rows = arrange(order)
    rows = rows[np.argsort(-(np.linspace(1, 0, len(rows)) + selection.boosts[rows]), kind="stable")]
    first = [rows[selection.pinned[rows]], *(rows[quota.articles[rows]][: quota.least] for quota in selection.quotas)]
    return np.array(list(dict.fromkeys(np.concatenate([*first, rows]).tolist()))[:n], np.int64)


def few_allowed(selection: Selection | None) -> Rows | None:
    """Return the rows that the filters allow, rising, if these are few; else None."""
    if selection is None or np.count_nonzero(selection.allowed) > FEW:
        return None
    return np.flatnonzero(selection.allowed)
