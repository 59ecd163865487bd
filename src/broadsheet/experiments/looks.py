"""The rates of the arms at looks along the time of an experiment, as all pages until then say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from broadsheet.experiments.logged import Acts, ArmPages
from broadsheet.experiments.statistics.ratios import rate_of_sums
from broadsheet.tables.arrays import Floats, Rows


class Looks(NamedTuple):
    """The rate of each arm at each look, (looks, arms) each."""

    mean: Floats
    error: Floats
    "Standard error over readers; NaN with fewer than two readers."
    readers: Floats
    "Readers with a page until then."
    total: Floats
    "Acts until then, or the sum of the numbers."
    pages: Floats
    "Pages until then, without the pages whose number is unknown."


MOST = 60
"""Looks that are drawn; the tests are valid at all other times too."""


def look_times(times: Floats) -> Floats:
    """Return the ends of the spans of equal length between the first page and the last, in epoch seconds."""
    return np.unique(np.linspace(times[0], times[-1], MOST + 1)[1:])


def rates_at(pages: ArmPages, times: Floats, above: Acts | Floats) -> Looks:
    """Return the rate of each arm at each look (looks, arms): acts a page, or the mean of a number of each page.

    A number that is NaN leaves its page out.
    """
    if isinstance(above, Acts):
        known = np.arange(len(pages.reader))
        parts = [_spans(above.pages, np.ones(len(above.pages)), above.times, times)]
    else:
        known = np.flatnonzero(~np.isnan(above))
        parts = [_spans(known, above[known], pages.times[known], times)]
    parts.append(_spans(known, np.ones(len(known)), pages.times[known], times))
    readers = len(pages.arms)
    totals = [np.zeros(readers), np.zeros(readers)]
    sums = np.zeros((6, len(times), pages.size))
    for look in range(len(times)):
        for total, spans in zip(totals, parts, strict=True):
            rows, values = spans[look]
            total += np.bincount(pages.reader[rows], values, readers)
        y, x = totals
        for number, of_all in enumerate(((x > 0).astype(float), y, x, y * y, y * x, x * x)):
            sums[number, look] = np.bincount(pages.arms, of_all, pages.size)
    return Looks(*rate_of_sums(sums[0], sums[1], sums[2], (sums[3], sums[4], sums[5])), sums[0], sums[1], sums[2])


def _spans(rows: Rows, values: Floats, at: Floats, times: Floats) -> list[tuple[Rows, Floats]]:
    """Return the pages and values that each look adds to those of the look before."""
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], times, side="right")
    starts = np.concatenate([[0], ends[:-1]])
    return [(rows[order[a:b]], values[order[a:b]]) for a, b in zip(starts, ends, strict=True)]
