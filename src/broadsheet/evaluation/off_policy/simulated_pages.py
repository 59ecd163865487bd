"""Logs of pages by a policy that is known, of readers whose clicks are known: so is the value of a policy.

A reader is of one of six kinds and comes three times. A page has four of eight articles, drawn one after the other by
the model of Plackett and Luce, with scores of the reader's kind. Lower slots are looked at less. If readers look from
top to bottom (`cascade`), good articles end their visit: below an article whose click rate is 0.1, four tenths fewer
readers look on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from broadsheet.offline.estimators import Pages
from broadsheet.offline.estimators.reward_model import by_article
from broadsheet.tables.arrays import Floats, Integers

ARTICLES, SLOTS, KINDS, VISITS = 8, 4, 6, 3
LOOKS = np.array([1.0, 0.7, 0.5, 0.35])
"""How likely each slot is looked at."""
LEAVING = 4.0
"""How many readers leave at an article, in multiples of its click rate."""
_ALL = np.array(list(permutations(range(ARTICLES), SLOTS)))


@dataclass(frozen=True)
class PageWorld:
    """The tastes of each kind of reader, and the weights of both policies, (KINDS, ARTICLES)."""

    rates: Floats
    "The probability of a click on an article that is looked at."
    logged: Floats
    evaluated: Floats
    cascade: bool

    @property
    def value(self) -> float:
        """The value of the evaluated policy: the mean clicks of a page, exactly."""
        rows = np.repeat(_ALL[None], KINDS, axis=0)  # (KINDS, pages, SLOTS)
        clicks = np.stack([self.click_rates(np.full(len(_ALL), kind), _ALL) for kind in range(KINDS)])
        chances = np.stack([_given(self.evaluated[kind][None], rows[kind]).prod(axis=1) for kind in range(KINDS)])
        return float((chances * clicks.sum(axis=2)).sum(axis=1).mean())

    def click_rates(self, kinds: Integers, pages: Integers) -> Floats:
        """Return the probability of a click in each slot, (pages, SLOTS)."""
        rates = self.rates[kinds[:, None], pages]
        if self.cascade:
            stays = np.cumprod(1 - LEAVING * rates, axis=1)
            rates = rates * np.column_stack([np.ones(len(rates)), stays[:, :-1]])
        return LOOKS * rates


def make_pages(seed: int, *, cascade: bool) -> PageWorld:
    """Return a world; the evaluated policy knows the readers better than the log's."""
    rng = np.random.default_rng(seed)
    tastes = rng.normal(0, 1, (KINDS, ARTICLES))
    rates = 0.15 / (1 + np.exp(-tastes))
    return PageWorld(rates, np.exp(0.4 * tastes + rng.normal(0, 0.3, tastes.shape)), np.exp(0.9 * tastes), cascade)


def draw_pages(world: PageWorld, count: int, rng: np.random.Generator) -> Pages:
    """Return a log of `count` pages, a multiple of VISITS, with a model for cascade-DR that knows no kinds."""
    kinds = np.repeat(rng.integers(0, KINDS, count // VISITS), VISITS)
    noise = -np.log(-np.log(rng.random((count, ARTICLES))))  # the order of weights with this noise is that of the model
    pages = np.argsort(-(np.log(world.logged[kinds]) + noise), axis=1)[:, :SLOTS]
    reward = (rng.random(pages.shape) < world.click_rates(kinds, pages)).astype(np.float64)
    readers = np.arange(count) // VISITS
    cells = kinds[:, None], pages, np.arange(SLOTS)
    return Pages(
        reward=reward,
        propensity=_marginals(world.logged)[cells],
        conditional=_given(world.logged[kinds], pages),
        evaluation=_marginals(world.evaluated)[cells],
        evaluation_conditional=_given(world.evaluated[kinds], pages),
        present=np.ones(pages.shape, np.bool_),
        readers=readers,
        predicted=_model(pages, reward, readers, world.evaluated[kinds]),
    )


def _left(pages: Integers) -> Floats:
    """Return which articles each slot could still get, (pages, SLOTS, ARTICLES)."""
    taken = np.eye(ARTICLES)[pages].cumsum(axis=1)
    return np.concatenate([np.ones((len(pages), 1, ARTICLES)), 1 - taken[:, :-1]], axis=1)


def _given(weights: Floats, pages: Integers) -> Floats:
    """Return the probability of each slot's article given the slots above, (pages, SLOTS)."""
    weights = np.broadcast_to(weights, (len(pages), ARTICLES))
    shown = np.take_along_axis(weights, pages, axis=1)
    return np.asarray(shown / (_left(pages) * weights[:, None]).sum(axis=2))


def _marginals(weights: Floats) -> Floats:
    """Return the probability of each article in each slot, (KINDS, ARTICLES, SLOTS)."""
    found = np.zeros((KINDS, ARTICLES, SLOTS))
    for kind in range(KINDS):
        chances = _given(weights[kind][None], _ALL).prod(axis=1)
        for slot in range(SLOTS):
            found[kind, :, slot] = np.bincount(_ALL[:, slot], chances, ARTICLES)
    return found


def _model(pages: Integers, reward: Floats, readers: Integers, evaluated: Floats) -> tuple[Floats, Floats]:
    """Return `predicted` and `expected` of cascade-DR: rates by article and slot, and a constant for slots below."""
    count = len(pages)
    shown = (SLOTS * pages + np.arange(SLOTS)).ravel()
    everything = np.tile((SLOTS * np.arange(ARTICLES) + np.arange(SLOTS)[:, None]).ravel(), count)
    owners = np.repeat(np.arange(count * SLOTS), ARTICLES)
    learned = by_article(shown, everything, reward.ravel(), owners, np.repeat(readers, SLOTS))
    chances = _left(pages) * evaluated[:, None]
    chances = chances / chances.sum(axis=2, keepdims=True)
    below = np.append(reward.mean(axis=0)[::-1].cumsum()[::-1][1:], 0.0)
    expected = (chances * learned.candidates.reshape(count, SLOTS, ARTICLES)).sum(axis=2)
    return learned.shown.reshape(count, SLOTS) + below, expected + below
