"""Marginal probabilities without simulation: of epsilon-greedy by counting, of Plackett-Luce by an integral."""

from functools import lru_cache

import numpy as np

from broadsheet.rerank.exploration.openings import open_chance
from broadsheet.tables.arrays import Floats

STEP = 0.2
"""Distance of the points of the integral, on the logarithm of time."""
EARLY, LATE = 42.0, 4.0
"""How far the integral reaches before the first and after the last arrival: beyond, less than exp(-40) is left out."""


@lru_cache(maxsize=64)  # it depends on nothing of a page but its size
def epsilon_greedy_marginals(articles: int, slots: int, budget: int, epsilon: float) -> Floats:
    """Return the probability of each article in each slot under epsilon-greedy, (slots, articles); do not change it.

    It is exact: articles behind the best article left are interchangeable, so it suffices to count for each slot how
    many of these have been taken (`behind`), and how many slots were open.
    """
    table, states = np.zeros((slots, articles)), {(0, 0): 1.0}
    for passed in range(slots):
        following: dict[tuple[int, int], float] = {}
        for (behind, opened), mass in states.items():
            best, left = passed - behind, articles - passed
            others = articles - best - 1  # articles behind the best article left, of which `behind` are taken
            opening = float(open_chance(np.array(opened), passed, slots, budget))
            other = epsilon / left
            table[passed, best] += mass * (1 - opening * (epsilon - other))
            if left > 1:
                table[passed, best + 1 :] += mass * opening * other * (1 - behind / others)
                _add(following, (behind + 1, opened + 1), mass * opening * other * (left - 1))
            for run, chance in enumerate(_runs(behind, others)):
                _add(following, (behind - run, opened + 1), mass * chance * opening * (1 - epsilon + other))
                _add(following, (behind - run, opened), mass * chance * (1 - opening))
        states = following
    return table


def _add(masses: dict[tuple[int, int], float], state: tuple[int, int], mass: float) -> None:
    if mass:
        masses[state] = masses.get(state, 0.0) + mass


def _runs(taken: int, others: int) -> list[float]:
    """Return the probabilities that 0, 1 ... `taken` of the next articles are taken already.

    `taken` of the `others` next articles are taken, any as probably as any other.
    """
    at_least = np.cumprod([1.0, *((taken - run) / (others - run) for run in range(taken))])
    return [float(chance) for chance in at_least - np.append(at_least[1:], 0.0)]


def plackett_luce_marginals(scores: Floats, temperature: float, slots: int) -> Floats:
    """Return the probability of each article in each slot if all slots are drawn by softmax, (slots, articles).

    An article with weight w arrives at a time with density w * exp(-w * t); the order of arrival has the distribution
    of Plackett and Luce. Article a is in slot s if s - 1 others have arrived before it: an integral over the time of
    a's arrival, of the distribution of a sum of independent yes-or-no events (Poisson binomial). The trapezoidal rule
    on the logarithm of time leaves an error below 1e-9.
    """
    logs = (scores - scores.max()) / temperature
    points = np.arange(-EARLY, LATE - logs.min(), STEP)
    hazards = np.exp(logs[:, None] + points)  # (articles, points)
    before = _before_each(-np.expm1(-hazards), slots)  # (articles, slots, points)
    sums = np.einsum("asp,ap->sa", before, STEP * hazards * np.exp(-hazards))
    table: Floats = sums / sums.sum(axis=1, keepdims=True)
    return table


def _before_each(arrived: Floats, slots: int) -> Floats:
    """Return for each article the probability that 0, 1 ... of the others have arrived, (articles, slots, points).

    `arrived` is the probability that each article has arrived (articles, points). Others stand before or behind the
    article in the list: the two parts are counted apart and joined, which needs no division.
    """
    ahead, behind = _counts(arrived, slots), _counts(arrived[::-1], slots)[::-1]
    found = np.zeros((len(arrived), slots, arrived.shape[1]))
    for count in range(slots):
        for part in range(count + 1):
            found[:, count] += ahead[:, part] * behind[:, count - part]
    return found


def _counts(arrived: Floats, slots: int) -> Floats:
    """Return for each article the probability that 0, 1 ... of the articles ahead of it in the list have arrived."""
    found = np.zeros((len(arrived), slots, arrived.shape[1]))
    found[0, 0] = 1.0
    for number, chance in enumerate(arrived[:-1]):
        found[number + 1] = found[number] * (1 - chance)
        found[number + 1, 1:] += found[number, :-1] * chance
    return found
