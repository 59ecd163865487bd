"""The deletion test on the mean of a history: how far a reader is less like a story without some of the articles read.

The vector of a reader lies near the mean of the vectors read. So the likeness to that mean, with articles and without,
says which articles put a story on a page. The whole test needs all models once more for each article, which no request
has time for; `scripts/measure_demo_reasons.py` and `scripts/benchmark_reasons.py` hold the reasons against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from broadsheet.tables.arrays import Flags, Floats, Integers, Rows, Vectors

NEAREST = 3
"""Articles read, the nearest to a story, of which each may be its reason."""
LEAST_FALL = 0.15
"""Least fall of the likeness that is a reason, as a share of its standard deviation over the reader's stories."""
LEAST_ARTICLES = 2
"""Articles of a section, a source or with a name that a reader has read often, at least."""
LEAST_SHARE = 0.2
"""Least share of a history in a section or source that the reader reads often."""
ROUNDING = 1e-9
"""A fall below this is a difference between equal values."""


class ReadArticles(NamedTuple):
    """The articles that a reader has read, newest first."""

    rows: Rows
    "Catalogue rows (articles,); an article read twice stands there twice."
    vectors: Vectors
    "Their unit vectors, (articles, dim)."
    worth: Floats
    "How much each counts in the reader's vector, (articles,)."


class History:
    """What a reader has read, and how near the stories of the page are to it."""

    def __init__(self, read: ReadArticles, nearness: Vectors, usual: Floats) -> None:
        """Take the likeness of each story to each article read, (stories, articles).

        `usual` has for each the likeness that almost no other two articles with one of the two reach, in the same form.
        """
        self._read, self._nearness = read, nearness.astype(np.float64)
        self._near = nearness >= usual
        self._products = (read.vectors @ read.vectors.T).astype(np.float64)
        self._whole = self._likeness(np.ones(nearness.shape, np.bool_))
        self._least = max(ROUNDING, LEAST_FALL * float(self._whole.std()) if len(self._whole) else 0.0)

    def nearest(self) -> tuple[Rows, Flags]:
        """Return the rows of the articles read nearest to each story, best first, and which of them are a reason.

        Both are (stories, NEAREST); where fewer were read, the row is -1. Of equally near articles the newer comes
        first. An article is a reason if it is near, and the likeness falls without it: without any but the nearest
        noticeably, since such an article often only seems to matter.
        """
        rows = self._read.rows
        again = np.tril(rows == rows[:, None], -1).any(axis=1)  # read more lately too
        near = np.where(again, -np.inf, self._nearness)
        places = np.argsort(-near, axis=1, kind="stable")[:, :NEAREST]
        found, true = np.full((len(near), NEAREST), -1, np.int64), np.zeros((len(near), NEAREST), np.bool_)
        for number, place in enumerate(places.T):
            at = np.arange(len(near)), place
            known = ~np.isneginf(near[at])
            found[:, number] = np.where(known, rows[place], -1)
            least = self._least if number else ROUNDING
            true[:, number] = known & self._near[at] & (self._fall(rows == rows[place][:, None]) >= least)
        return found, true

    def falls(self, deleted: Flags) -> Flags:
        """Return for which stories the likeness falls without the articles `deleted` (stories, articles)."""
        return np.asarray(deleted.any(axis=1) & (self._fall(deleted) >= self._least))

    def often(self, stories: Integers, read: Integers) -> Flags:
        """Return for which stories the reader often reads their section or source, and the likeness falls without it.

        Both hold the numbers of names, (stories,) and (articles,); a number below 0 is an unknown name.
        """
        deleted = (read == stories[:, None]) & (read >= 0)
        least = max(LEAST_ARTICLES, LEAST_SHARE * int((read >= 0).sum()))
        return np.asarray((deleted.sum(axis=1) >= least) & self.falls(deleted))

    def _fall(self, deleted: Flags) -> Floats:
        return self._whole - self._likeness(~deleted)

    def _likeness(self, kept: Flags) -> Floats:
        """Return how like each story is to the mean of the articles kept for it, (stories, articles); 0 without any."""
        weights = kept * self._read.worth
        length = np.sqrt(np.maximum(((weights @ self._products) * weights).sum(axis=1), 0.0))
        likeness: Floats = (self._nearness * weights).sum(axis=1) / np.where(length > 0, length, 1.0)
        return likeness


class Told(NamedTuple):
    """What a history says of the stories of one page."""

    nearest: Rows
    "Catalogue rows of the articles read nearest to each story, best first, (stories, NEAREST); -1 for fewer articles."
    near: Flags
    "Which of these are a reason, (stories, NEAREST)."
    often: Mapping[str, Flags]
    "For category, subcategory and source: for which stories the reader often reads theirs, (stories,)."
    names: list[str]
    "For each story the name that its headline shares with headlines read; empty for none."


def nothing_told(stories: int) -> Told:
    """Return what is told of stories without a history."""
    return Told(np.full((stories, NEAREST), -1, np.int64), np.zeros((stories, NEAREST), np.bool_), {}, [""] * stories)
