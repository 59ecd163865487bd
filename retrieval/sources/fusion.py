"""Fusion of the sources: candidates are what any source proposes, scored by all of them, within the quotas."""

from collections.abc import Mapping
from math import ceil

import numpy as np

from broadsheet.retrieval.sources.source_input import Source, SourceInput
from broadsheet.tables.arrays import Floats, Rows


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return the weighted sum of the sources' scores; one that is absent, NaN, adds nothing."""
    known = {name: np.where(np.isnan(found), 0.0, found) for name, found in scores.items()}
    total: Floats = np.sum([weights.get(name, 0.0) * found for name, found in known.items()], axis=0)
    return total


def propose(
    sources: Mapping[str, Source],
    reader: SourceInput,
    weights: Mapping[str, float],
    n: int,
    quotas: Mapping[str, float] | None = None,
) -> dict[str, Rows]:
    """Return what each source with a weight or a quota proposes, n rows at most each, best first."""
    asked = [name for name in sources if weights.get(name, 0.0) > 0 or (quotas or {}).get(name, 0.0) > 0]
    return {name: sources[name].propose(reader, n) for name in asked}


def joined(proposals: Mapping[str, Rows]) -> Rows:
    """Return the rows that any source proposed, each once, rising."""
    return np.unique(np.concatenate([np.zeros(0, np.int64), *proposals.values()]))


def with_quotas(order: Rows, proposals: Mapping[str, Rows], quotas: Mapping[str, float], n: int) -> Rows:
    """Return the first n rows of an order in which no source comes off worse than by its quota.

    The j-th proposal of a source with quota q has place j / q at the latest, rounded up. With a quota of 0.1 the best
    three are among the first 10, 20 and 30. All other rows keep their order. `order` (rows,) is the best first and has
    every proposal; quotas sum to 1 at most.
    """
    count = min(n, len(order))
    reserved = _latest_places(proposals, quotas, count)
    rows, found, following = order.tolist(), list[int](), 0
    due, before_turn = set(reserved.values()), set[int]()
    place_of = {row: place for place, row in enumerate(rows) if row in due}
    for place in [*sorted(reserved), count + 1]:
        while len(found) < place - 1:
            if rows[following] not in before_turn:
                found.append(rows[following])
            following += 1
        if place <= count and place_of[reserved[place]] >= following:
            found.append(reserved[place])
            before_turn.add(reserved[place])
    return np.array(found, np.int64)


def _latest_places(proposals: Mapping[str, Rows], quotas: Mapping[str, float], n: int) -> dict[int, int]:
    """Return by place, 1 to n, the row that is due there; of two rows due at one place, one is due a place earlier."""
    due: dict[int, int] = {}
    for name, rows in proposals.items():
        if quota := quotas.get(name, 0.0):
            for number, row in enumerate(rows[: int(quota * n + 1e-9)].tolist(), 1):
                due[row] = min(ceil(number / quota - 1e-9), due.get(row, n))
    places: dict[int, int] = {}
    free = n + 1
    for row in sorted(due, key=lambda row: due[row], reverse=True):
        free = min(due[row], free - 1)
        places[free] = row
    return places
