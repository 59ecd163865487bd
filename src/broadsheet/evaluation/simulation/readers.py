"""The readers of a simulation: their tastes, what they read before it, and when they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.evaluation.simulation.behaviour import Behaviour
from broadsheet.evaluation.simulation.truth import Truth
from broadsheet.tables.arrays import Flags, Floats, Vectors

INTERESTS, READ_BEFORE, MONTH = 3, 10, 30 * 86400.0
"""Articles that make a taste, articles read before the simulation, and seconds before it in which these were new."""
PAGES_A_DAY, BUSIEST = 1.5, 6.0
"""Pages of the mean reader in a day, and most of any reader."""
CHOOSY = 2.0
"""How strongly the articles read before the simulation go by the taste."""


@dataclass(frozen=True)
class Readers:
    """Some readers; the arrays have an entry for each."""

    tastes: Vectors
    "Unit vectors over the words of articles (readers, topics)."
    histories: list[list[int]]
    "Rows of the articles read before the simulation, oldest first."
    pages: Floats
    "Mean pages of a day."
    hours: Floats
    "The hour of the day at which a reader comes most often."
    scale: tuple[float, float]
    "Mean and standard deviation of the likeness of a taste and an article."

    def __len__(self) -> int:
        return len(self.pages)

    def come(self, hour: float, hours: float, rng: np.random.Generator) -> Flags:
        """Return who asks for a page in the `hours` from an hour of the day on; each has a page then at most."""
        middle = hour + hours / 2
        mean = self.pages * hours * _busy(middle, self.hours)
        return np.asarray(rng.random(len(self)) < 1 - np.exp(-mean))


def make_readers(truth: Truth, start: float, count: int, seed: int, known: Sequence[Sequence[int]] = ()) -> Readers:
    """Return `count` readers of a simulation that begins at `start`, epoch seconds; the same seed gives the same.

    `known` are histories of real readers, as rows, oldest first: the first readers have these histories, and tastes
    that are the mean of these. All others have the taste of INTERESTS articles drawn by chance from those published in
    the month before, and read READ_BEFORE articles of that month that match this taste.
    """
    rng = np.random.default_rng([seed, 2])
    month = np.flatnonzero((truth.published_at < start) & (truth.published_at >= start - MONTH))
    month = month if len(month) else np.arange(len(truth.words))
    known = known[:count]
    of = [list(rows) for rows in known]
    of += [rng.choice(month, min(INTERESTS, len(month)), replace=False).tolist() for _ in range(count - len(of))]
    tastes = unit(np.stack([truth.words[rows].mean(axis=0) for rows in of]))
    likeness = tastes @ truth.words[month].T
    scale = float(likeness.mean()), float(max(likeness.std(), 1e-6))
    chances = CHOOSY * (likeness - scale[0]) / scale[1] + rng.gumbel(size=likeness.shape)
    made = month[np.argsort(-chances, axis=1)[:, :READ_BEFORE]]
    made = np.take_along_axis(made, np.argsort(truth.published_at[made], axis=1, kind="stable"), axis=1)
    return Readers(
        tastes=tastes,
        histories=[*map(list, known), *made[len(known) :].tolist()],
        pages=np.minimum(rng.gamma(1.5, PAGES_A_DAY / 1.5, count), BUSIEST),
        hours=np.where(rng.random(count) < 0.5, rng.normal(8, 2, count), rng.normal(20, 2, count)) % 24,
        scale=scale,
    )


def drifted(tastes: Vectors, truth: Truth, behaviour: Behaviour, until: float, rng: np.random.Generator) -> Vectors:
    """Return the tastes of the next day: each moved towards an article of the day before `until` (epoch seconds)."""
    lately = np.flatnonzero((truth.published_at < until) & (truth.published_at >= until - 86400.0))
    drawn = rng.random(len(tastes))
    if not len(lately):
        return tastes
    towards = truth.words[lately[(drawn * len(lately)).astype(np.int64)]]
    return unit(tastes + behaviour.drift * towards)


def unit(vectors: Vectors) -> Vectors:
    """Return vectors of length 1."""
    found: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return found


def _busy(hour: float, peaks: Floats) -> Floats:
    """Return the share of a day's pages in an hour around `hour`, of readers who mostly come at their peaks."""
    apart = np.abs((hour - peaks + 12) % 24 - 12)
    weight = 0.02 + np.exp(-(apart**2) / 8)
    found: Floats = weight / (24 * 0.02 + np.sqrt(8 * np.pi))  # the sum over the hours of a day is 1
    return found
