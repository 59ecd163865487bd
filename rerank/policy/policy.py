"""The policy of a newsroom: in which order the scored candidates of one reader are shown.

It knows nothing of how the scores are made. Relevance, diversity and calibration are weighed against each other;
caps and the floor are promises, which hold where they can.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.rerank.policy.calibration import Miscalibration
from broadsheet.rerank.policy.diversity import Likeness, Similarity
from broadsheet.rerank.policy.limits import Cap, Floor, StoryCap, are_small
from broadsheet.rerank.policy.selection import Limit, Order, Penalty, select
from broadsheet.tables.arrays import Floats, Names


@dataclass(frozen=True)
class Policy:
    """What is asked of a list; every default is off."""

    diversity: float = 0.0
    "0 to 1: what likeness to the articles above counts against the score (MMR)."
    calibration: float = 0.0
    "0 to 1: what the distance from the history's categories counts against all else (Steck 2018)."
    category: int = 0
    "Most articles of one category; 0 for any number."
    source: int = 0
    "Most articles of one source; 0 for any number."
    story: int = 0
    "Most articles of one story; 0 for any number."
    story_similarity: float = 1.0
    "Least inner product of two articles of one story."
    story_days: float = 0.0
    "Most days between their publication, where both times are known."
    small_sources: float = 0.0
    "Least share of any first k places for sources outside the large ones."


@dataclass(frozen=True)
class Items:
    """The scored candidates of one reader, in an order that decides ties."""

    scores: Floats
    "Higher is better; finite, of any scale. (items,)"
    vectors: npt.NDArray[np.float32]
    "Unit vectors (items, dim)."
    categories: Names
    "Empty where unknown. (items,)"
    sources: Names
    "Empty where unknown; read only where a cap or the floor asks for sources. (items,)"
    published_at: Floats
    "Epoch seconds, UTC; NaN where unknown. (items,)"


def arrange(items: Items, policy: Policy, read: Names, large: Collection[str] = ()) -> tuple[Order, Floats]:
    """Return the order of all items, and for each place 1 - the largest similarity to an item above (1 for the first).

    `read` are the categories of the history's articles, empty where unknown, and `large` the large sources. Where not
    all limits can hold, the story's goes before the category's, that before the source's, and the floor comes last.
    """
    likeness = Likeness(items.vectors)
    similarity = Similarity(likeness)
    penalties: list[tuple[float, Penalty]] = [(policy.diversity, similarity)]
    if policy.calibration:
        penalties.append((policy.calibration, Miscalibration(read, items.categories)))
    order = select(items.scores, penalties, _limits(items, likeness, policy, large))
    return order, similarity.distances


def _limits(items: Items, likeness: Likeness, policy: Policy, large: Collection[str]) -> list[Limit]:
    limits: list[Limit] = []
    if policy.story:
        near = {"similarity": policy.story_similarity, "days": policy.story_days}
        limits.append(StoryCap(likeness, items.published_at, policy.story, **near))
    if policy.category:
        limits.append(Cap(items.categories, policy.category))
    if policy.source:
        limits.append(Cap(items.sources, policy.source))
    if policy.small_sources:
        limits.append(Floor(are_small(items.sources, large), policy.small_sources))
    return limits
