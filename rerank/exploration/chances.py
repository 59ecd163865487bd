"""The policies of exploration: the probability of each article in a slot that is open to exploration.

Every policy is a function from the articles that are left to their probabilities. Articles are numbered in the order of
the ranking, best first. So "the best article left" is the first article that is left.
"""

from collections.abc import Callable

import numpy as np

from broadsheet.tables.arrays import Flags, Floats

Chances = Callable[[Flags], Floats]
"""From which articles are left to the probability of each in an open slot, both (states, articles); rows sum to 1."""

NODES = 256
"""Points of the grid on which Thompson sampling draws click rates."""
WIDTH = 9.0
"""Standard deviations that the grid reaches beyond the middle of the lowest and of the highest click rate."""


def epsilon_greedy(epsilon: float) -> Chances:
    """Return the policy that takes any article left with probability `epsilon`, 0 to 1, else the best article left.

    Each of the articles left, the best included, is equally probable in the draw. For example, with epsilon 0.1 and ten
    articles left, the best has probability 0.91 and every other article 0.01 (Sutton and Barto 2018, section 2.2).
    """

    def chances(left: Flags) -> Floats:
        found: Floats = left * (epsilon / left.sum(axis=1, keepdims=True))
        found[np.arange(len(left)), left.argmax(axis=1)] += 1 - epsilon
        return found

    return chances


def softmax(scores: Floats, temperature: float) -> Chances:
    """Return the policy that draws articles in proportion to exp(score / temperature), without replacement.

    Drawn slot by slot, this is the model of Luce (1959) and Plackett (1975): each conditional probability is the
    article's weight over the sum of the weights left. `scores` are (articles,), finite; `temperature` is above 0.
    """
    logs = np.asarray(scores / temperature, np.float64)

    def chances(left: Flags) -> Floats:
        # Relative to the best article left, since the weights of all that are left could be 0 in floating point.
        best = np.where(left, logs, -np.inf).max(axis=1, keepdims=True)
        weights = left * np.exp(np.minimum(logs - best, 0.0))
        found: Floats = weights / weights.sum(axis=1, keepdims=True)
        return found

    return chances


def thompson(clicks: Floats, misses: Floats, young: Flags) -> Chances:
    """Return Thompson sampling of click rates (Chapelle and Li 2011; Russo et al. 2018, section 3).

    In an open slot the best article left and all young articles left draw a click rate each from their posterior,
    Beta(clicks, misses), and the highest rate gets the slot. Every slot has fresh draws. `clicks` and `misses` are the
    parameters of the posteriors (articles,), above 0; `young` says which articles are young (articles,).

    The probability of article a is the integral of f_a times the product of the others' F over the click rate, where f
    is the density of a posterior and F its distribution function. It is summed over a grid of NODES points on the
    log-odds of the rate, on which the policy draws: so the probability is exact for the draws, and differs from that
    of continuous draws by less than 0.001 (see the tests). Of two rates at the same point, each is the higher in half
    of the cases.
    """
    logs, ratio = _grid(clicks, misses)

    def chances(left: Flags) -> Floats:
        drawing = left & young
        drawing[np.arange(len(left)), left.argmax(axis=1)] = True
        highest = np.exp(drawing @ logs)  # the probability that no article draws a rate above this point
        weights = drawing * (highest @ ratio.T)
        found: Floats = weights / weights.sum(axis=1, keepdims=True)
        return found

    return chances


def _grid(clicks: Floats, misses: Floats) -> tuple[Floats, Floats]:
    """Return log F, and f over F, of each article's click rate at the points of the grid, both (articles, NODES)."""
    from scipy.special import digamma, polygamma

    middle, width = digamma(clicks) - digamma(misses), np.sqrt(polygamma(1, clicks) + polygamma(1, misses))
    points = np.linspace((middle - WIDTH * width).min(), (middle + WIDTH * width).max(), NODES)
    # The density of the log-odds y is in proportion to p ** clicks * (1 - p) ** misses, with p = 1 / (1 + exp(-y)).
    logs = -clicks[:, None] * np.logaddexp(0, -points) - misses[:, None] * np.logaddexp(0, points)
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    density /= density.sum(axis=1, keepdims=True)
    below = np.maximum(np.cumsum(density, axis=1) - density / 2, 1e-300)
    return np.log(below), density / below
