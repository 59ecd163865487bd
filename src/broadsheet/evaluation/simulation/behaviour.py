"""How a simulated reader reads a page: from the top down, with a chance to click, to stay, to hide and to go.

The model is a cascade (Craswell et al. 2008) that may go on after a click (Guo, Liu and Wang 2009): the reader looks at
the first slot, and at each further slot with a probability that depends on what happened in the slot above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from broadsheet.tables.arrays import Flags, Floats, Rows


@dataclass(frozen=True)
class Behaviour:
    """The parameters of all readers; each is an assumption, and stands in the card."""

    base: float = -3.6
    "Log-odds of a click on an article of average taste and quality, old and not tired of."
    taste: float = 0.9
    "What a standard deviation of the match of article and taste adds to the log-odds."
    quality: float = 0.9
    "What a standard deviation of the hidden quality of an article adds to the log-odds."
    fresh: float = 1.0
    "What is added to the log-odds for an article that was published just now."
    fresh_hours: float = 24.0
    "Age in hours at which half of that is left."
    tired_of_pages: float = 0.15
    "What each page that the reader saw before on the same day takes from the log-odds."
    tired_of_event: float = 0.4
    "What each article on the same event that the reader opened takes from the log-odds."
    tired_of_article: float = 0.7
    "What each time that the reader passed the article over takes from the log-odds."
    patience: float = 0.9
    "Probability to look at the next slot after a slot without a click, or after a short read."
    after_long_read: float = 0.6
    "The same after a long read."
    long_seconds: float = 30.0
    "Seconds from which a read is long: the reader was satisfied."
    seconds: float = 25.0
    "Median of the seconds of a read, for average taste and quality."
    spread: float = 0.8
    "Standard deviation of the logarithm of the seconds."
    drawn_in: float = 0.4
    "What a standard deviation of taste, and of quality, adds to the logarithm of the seconds."
    hide: float = 0.02
    "Most probability to hide an article that was looked at and not clicked; less, the better it matches the taste."
    follow: float = 0.03
    "Probability to follow the category of an article after a long read."
    drift: float = 0.15
    "How far a taste moves in a day, towards an article of the day before."


@dataclass(frozen=True)
class Appeal:
    """What readers would do with articles if they looked at them, all (pages, articles)."""

    clicks: Floats
    "Probability of a click."
    log_seconds: Floats
    "Mean logarithm of the seconds of a read."
    matches: Floats
    "Match of the article with the reader's taste, in standard deviations."

    def at(self, places: Rows) -> Appeal:
        """Return the appeal of some of the articles of each page, `places` (pages, slots)."""
        return Appeal(*(np.take_along_axis(values, places, axis=1) for values in vars(self).values()))


class Reading(NamedTuple):
    """What happened on pages, all (pages, slots)."""

    looked: Flags
    clicked: Flags
    seconds: Floats
    "Of reading; 0 without a click."
    hidden: Flags
    followed: Flags


def appeal_of(behaviour: Behaviour, matches: Floats, quality: Floats, ages_hours: Floats, tired: Floats) -> Appeal:
    """Return the appeal of articles, from values (pages, articles) or such as can be spread to these.

    `matches` and `quality` are in standard deviations, `ages_hours` is 0 or more, `tired` is what is taken from the
    log-odds.
    """
    new = behaviour.fresh * 0.5 ** (ages_hours / behaviour.fresh_hours)
    odds = behaviour.base + behaviour.taste * matches + behaviour.quality * quality + new - tired
    log_seconds = np.log(behaviour.seconds) + behaviour.drawn_in * (matches + quality)
    return Appeal(1 / (1 + np.exp(-odds)), log_seconds, np.broadcast_to(matches, odds.shape))


def goes_on(behaviour: Behaviour, appeal: Appeal) -> Floats:
    """Return the probability that a reader who looks at an article looks at the next slot, too."""
    from scipy.special import ndtr

    long = ndtr((appeal.log_seconds - np.log(behaviour.long_seconds)) / behaviour.spread)
    after_click = long * behaviour.after_long_read + (1 - long) * behaviour.patience
    found: Floats = appeal.clicks * after_click + (1 - appeal.clicks) * behaviour.patience
    return found


def expected_clicks(behaviour: Behaviour, appeal: Appeal) -> Floats:
    """Return the mean number of clicks on pages whose slots have this appeal, (pages,)."""
    reach = np.cumprod(goes_on(behaviour, appeal), axis=1)
    looks = np.concatenate([np.ones((len(reach), 1)), reach[:, :-1]], axis=1)
    found: Floats = (looks * appeal.clicks).sum(axis=1)
    return found


def best_pages(behaviour: Behaviour, appeal: Appeal, slots: int) -> Rows:
    """Return the pages that one who knows the truth would show: the places of the articles by slot, (pages, slots).

    They hold the articles with the most probable clicks. The order is the best for these articles: if a stands directly
    above b, a page has clicks(a) + goes_on(a) * clicks(b) from both, so a belongs above b if
    clicks(a) / (1 - goes_on(a)) is the larger.
    """
    likely = np.argsort(-appeal.clicks, axis=1, kind="stable")[:, :slots]
    chosen = appeal.at(likely)
    ends = np.maximum(1 - goes_on(behaviour, chosen), 1e-12)
    order = np.argsort(-chosen.clicks / ends, axis=1, kind="stable")
    return np.take_along_axis(likely, order, axis=1)


class Luck(NamedTuple):
    """The chance in the reading of pages: random numbers from 0 to below 1, (pages, slots); `reads` is normal."""

    looks: Floats
    clicks: Floats
    reads: Floats
    hides: Floats
    follows: Floats


def draw_luck(rng: np.random.Generator, pages: int, slots: int) -> Luck:
    """Return the luck of some pages."""
    shape = (pages, slots)
    return Luck(rng.random(shape), rng.random(shape), rng.standard_normal(shape), rng.random(shape), rng.random(shape))


def read_pages(behaviour: Behaviour, appeal: Appeal, luck: Luck) -> Reading:
    """Return what readers do on pages whose slots have this appeal; the same luck gives the same reading."""
    would_click = luck.clicks < appeal.clicks
    seconds = np.where(would_click, np.exp(appeal.log_seconds + behaviour.spread * luck.reads), 0.0)
    is_long = would_click & (seconds >= behaviour.long_seconds)
    stays = luck.looks < np.where(is_long, behaviour.after_long_read, behaviour.patience)
    looked = np.ones(stays.shape, np.bool_)
    looked[:, 1:] = np.cumprod(stays, axis=1)[:, :-1] > 0
    clicked = looked & would_click
    hides = behaviour.hide / (1 + np.exp(2 * appeal.matches))
    return Reading(
        looked,
        clicked,
        np.where(clicked, seconds, 0.0),
        looked & ~clicked & (luck.hides < hides),
        clicked & is_long & (luck.follows < behaviour.follow),
    )
