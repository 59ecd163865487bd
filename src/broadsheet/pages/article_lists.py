"""Lists of articles that are the same for every reader: the sections, the latest, the alike, those of one event."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.same_event import of_one_event
from broadsheet.tables.arrays import Flags, Rows
from broadsheet.workbench.workbench import Workbench

NEAREST = 400
"""Articles nearest to an article among which alike articles, and articles on its event, are looked for."""
LEAST_ALIKE = 0.2
"""Least inner product of the vectors of two articles that are called alike."""


def visible(bench: Workbench, as_of: datetime) -> Flags:
    """Return which articles of the catalogue may be shown at a moment (articles,).

    Articles withdrawn or replaced, not yet published, or left out by the site's filters may not.
    """
    catalogue = bench.data.catalogue
    shown = ~((catalogue.published_at > as_of.timestamp()) | catalogue.gone)
    return shown if bench.selection is None else shown & bench.selection.allowed


def sections(bench: Workbench, as_of: datetime) -> list[tuple[str, int]]:
    """Return the categories with the number of their articles, the largest first; unknown categories are left out."""
    counts = Counter(bench.data.catalogue.category[visible(bench, as_of)].tolist())
    return sorted(((name, count) for name, count in counts.items() if name), key=lambda one: (-one[1], one[0]))


def latest(bench: Workbench, as_of: datetime, category: str | None = None) -> Rows:
    """Return the rows of all articles, or of those of a category, the newest first; those of unknown time come last."""
    catalogue, shown = bench.data.catalogue, visible(bench, as_of)
    rows = np.flatnonzero(shown if category is None else shown & (catalogue.category == category))
    ages = np.nan_to_num(-catalogue.published_at[rows], nan=np.inf)
    newest_first: Rows = rows[np.argsort(ages, kind="stable")]
    return newest_first


def similar(bench: Workbench, row: int, as_of: datetime) -> list[tuple[int, float]]:
    """Return the rows of articles like that of a row, with the inner products of their vectors, the most alike first.

    Articles on the event of the given article are left out, and so are further articles on the event of an article
    that is listed already: no story comes twice.
    """
    catalogue, rows = bench.data.catalogue, _nearest(bench, row, as_of)
    vectors = catalogue.vectors_of([row, *rows.tolist()])
    likeness, times = vectors @ vectors.T, catalogue.published_at[[row, *rows.tolist()]]
    caps = bench.models.config.rerank.caps
    taken: list[int] = [0]  # places in `likeness`; the article itself is the first
    for place in range(1, len(times)):
        same = of_one_event(
            *(likeness[place, taken], times[taken], float(times[place])),
            similarity=caps.story_similarity,
            days=caps.story_days,
        )
        if likeness[place, 0] >= LEAST_ALIKE and not same.any():
            taken.append(place)
    return [(int(rows[place - 1]), float(likeness[place, 0])) for place in taken[1:]]


def of_event(bench: Workbench, row: int, as_of: datetime) -> Rows:
    """Return the rows of the articles on the event of an article, itself included, the oldest first.

    Two articles are on one event by the rule of `[rerank.caps]`; see corpus/same_event.py.
    """
    catalogue, caps = bench.data.catalogue, bench.models.config.rerank.caps
    rows = _nearest(bench, row, as_of)
    likeness = catalogue.vectors_of(rows) @ catalogue.vectors_of([row])[0]
    same = of_one_event(
        *(likeness, catalogue.published_at[rows], float(catalogue.published_at[row])),
        similarity=caps.story_similarity,
        days=caps.story_days,
    )
    found = np.append(rows[same], row)
    oldest_first: Rows = found[np.argsort(np.nan_to_num(catalogue.published_at[found], nan=np.inf), kind="stable")]
    return oldest_first


def row_of(catalogue: Catalogue, shown: Flags, news_id: str) -> int | None:
    """Return the row of an article that may be shown, None for any other id; `shown` is what `visible` returned."""
    row = catalogue.row_of.get(news_id)
    return row if row is not None and shown[row] else None


def _nearest(bench: Workbench, row: int, as_of: datetime) -> Rows:
    """Return the rows of the articles that are nearest to that of a row and may be shown, itself left out."""
    catalogue = bench.data.catalogue
    _, rows = bench.search(catalogue.vectors_of([row]), min(NEAREST, len(catalogue)))
    rows = rows[0][rows[0] >= 0]
    near: Rows = rows[visible(bench, as_of)[rows] & (rows != row)]
    return near
