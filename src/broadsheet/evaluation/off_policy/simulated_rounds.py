"""Logs of single decisions by a policy that is known, of readers whose clicks are known: so is the value of a policy.

A reader has a context of four numbers and comes five times. Twenty articles lie in five clusters. The probability of a
click is a logistic function of the context, with weights of the article's cluster, and of the article itself. The log's
policy is a softmax that knows half of this, with a tenth of its choices uniform. The evaluated policy is a sharper
softmax of the truth, so that weights reach 100 and more, and a log is worth a sixth of its rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadsheet.offline.estimators import Candidates, Decisions
from broadsheet.tables.arrays import Floats, Integers

ARTICLES, CLUSTERS, CONTEXT, VISITS = 20, 5, 4, 5
UNIFORM = 0.1
"""Share of the log's choices that are uniform."""
SHARPNESS = 2.0
"""Of the evaluated softmax."""


@dataclass(frozen=True)
class Rounds:
    """The weights of clicks and policies: a row for each article, CONTEXT columns and an offset."""

    clicks: Floats
    logged: Floats
    clusters: Integers
    is_uniform: bool
    "Whether the log chooses uniformly and the evaluated policy takes the best article without chance."

    @property
    def value(self) -> float:
        """The value of the evaluated policy: the mean over 200,000 readers, within 0.001."""
        rng = np.random.default_rng(99)
        parts = []
        for _ in range(10):
            readers = rng.normal(size=(20_000, CONTEXT))
            _, evaluated, rates = self.chances(readers)
            parts.append(float((evaluated * rates).sum(axis=1).mean()))
        return float(np.mean(parts))

    def chances(self, readers: Floats) -> tuple[Floats, Floats, Floats]:
        """Return, the probabilities of both policies and of a click on each article, (readers, ARTICLES) each."""
        clicks = readers @ self.clicks[:, :-1].T + self.clicks[:, -1]
        rates = 1 / (1 + np.exp(-clicks))
        if self.is_uniform:
            best = (clicks == clicks.max(axis=1, keepdims=True)).astype(np.float64)
            return np.full(clicks.shape, 1 / ARTICLES), best, rates
        logged = _softmax(readers @ self.logged[:, :-1].T + self.logged[:, -1])
        return (1 - UNIFORM) * logged + UNIFORM / ARTICLES, _softmax(SHARPNESS * clicks), rates


def make_rounds(seed: int, *, own: float = 0.4, is_uniform: bool = False) -> Rounds:
    """Return a world; `own` is the deviation of what an article adds to its cluster: with 0 clusters say all."""
    rng = np.random.default_rng(seed)
    clusters = np.arange(ARTICLES) % CLUSTERS
    tastes = np.column_stack([rng.normal(0, 0.6, (CLUSTERS, CONTEXT)), rng.normal(-3.7, 0.4, CLUSTERS)])
    clicks = tastes[clusters] + own * rng.normal(0, 1, (ARTICLES, CONTEXT + 1))
    return Rounds(clicks, 0.5 * clicks + rng.normal(0, 0.4, clicks.shape), clusters, is_uniform)


def draw_rounds(world: Rounds, rounds: int, rng: np.random.Generator) -> Decisions:
    """Return a log of `rounds` rounds, a multiple of VISITS, with features for the reward model."""
    readers = np.repeat(rng.normal(size=(rounds // VISITS, CONTEXT)), VISITS, axis=0)
    logged, evaluated, rates = world.chances(readers)
    rows = np.arange(rounds)
    chosen = np.minimum((logged.cumsum(axis=1) < rng.random((rounds, 1))).sum(axis=1), ARTICLES - 1)
    candidates = Candidates(
        offsets=ARTICLES * np.arange(rounds + 1),
        articles=np.tile(np.arange(ARTICLES), rounds),
        evaluation=evaluated.ravel(),
        propensity=logged.ravel(),
        chosen=chosen,
        features=_features(world, readers),
    )
    return Decisions(
        reward=(rng.random(rounds) < rates[rows, chosen]).astype(np.float64),
        propensity=logged[rows, chosen],
        evaluation=evaluated[rows, chosen],
        readers=rows // VISITS,
        candidates=candidates,
        clusters=world.clusters,
    )


def _features(world: Rounds, readers: Floats) -> Floats:
    """Return the cluster, and the cluster times the context, of each round's candidates: no article has its own."""
    one_hot = np.eye(CLUSTERS)[world.clusters]  # (ARTICLES, CLUSTERS)
    with_offset = np.column_stack([readers, np.ones(len(readers))])
    crossed = one_hot[None, :, :, None] * with_offset[:, None, None, :]
    return np.asarray(crossed.reshape(len(readers) * ARTICLES, -1))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
