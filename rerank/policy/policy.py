"""The policy of a newsroom: in which order the scored candidates of one reader are shown.

It does not depend on how the scores are made. Score, diversity and calibration are weighed against each other. Caps and
the floor come before them, but where no candidate is left within a limit, the limit gives way.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.rerank.policy.calibration import Miscalibration
from broadsheet.rerank.policy.diversity import Likeness, Similarity
from broadsheet.rerank.policy.filters import Wishes
from broadsheet.rerank.policy.limits import Cap, CopyCap, EventCap, Floor, KeptPlaces, are_small
from broadsheet.rerank.policy.selection import Limit, Order, Penalty, select
from broadsheet.tables.arrays import Flags, Floats, Names


@dataclass(frozen=True)
class Policy:
    """The settings of the order; by default the list is ordered by score alone."""

    diversity: float = 0.0
    "0 to 1: weight of the likeness to the articles above, against the score (MMR)."
    calibration: float = 0.0
    "0 to 1: weight of the distance from the history's categories, against score and diversity (Steck 2018)."
    category: int = 0
    "Most articles of one category; 0 for no limit."
    source: int = 0
    "Most articles of one source; 0 for no limit."
    story: int = 0
    "Most articles of one story; 0 for no limit."
    story_similarity: float = 1.0
    "Least inner product of two articles of one story."
    story_days: float = 0.0
    "Most days between the publication of two articles of one story, if both times are known."
    small_sources: float = 0.0
    "Least share of the first k places, for every k, that goes to sources other than the large sources."
    once: bool = False
    "Whether articles with the same text under several ids come once, as far as there are other articles."
    newest: float = 0.0
    "Share of the places that go to the newest items: with 0.1 the places 10, 20 and so on."


@dataclass(frozen=True)
class Items:
    """The scored candidates of one reader; of two items with equal worth the first is placed higher."""

    scores: Floats
    "Higher is better; finite, of any scale. (items,)"
    vectors: npt.NDArray[np.float32]
    "Unit vectors (items, dim)."
    categories: Names
    "Name of each item's category; empty if unknown. (items,)"
    sources: Names
    "Name of each item's source; empty if unknown. Read only if the policy limits sources. (items,)"
    published_at: Floats
    "Epoch seconds, UTC; NaN if unknown. (items,)"
    newest: Flags | None = None
    "Whether each item is among the newest; None if the policy keeps no place for them. (items,)"
    copies: Flags | None = None
    "Which items have the text of each item under another id; None unless the policy is `once`. (items, items)"


def arrange(
    items: Items,
    policy: Policy,
    history_categories: Names,
    large_sources: Collection[str] = (),
    wishes: Wishes | None = None,
) -> tuple[Order, Floats]:
    """Return the order of all items, and for each place 1 - the largest similarity to an item above (1 for the first).

    `history_categories` are the categories of the history's articles; an unknown category is empty. If not all limits
    can hold, the floor for small sources gives way first, then the places of the newest, then the limit of the source,
    then of the category, then of the story, and last copies of a text are let in.
    `wishes`, those of a page's filters, are stronger than all of these.
    """
    likeness = Likeness(items.vectors)
    similarity = Similarity(likeness)
    penalties: list[tuple[float, Penalty]] = [(policy.diversity, similarity)]
    if policy.calibration:
        penalties.append((policy.calibration, Miscalibration(history_categories, items.categories)))
    limits, boosts = (wishes.limits(), wishes.boosts) if wishes else ([], 0.0)
    order = select(items.scores, penalties, limits + _limits(items, likeness, policy, large_sources), boosts)
    return order, similarity.distances


def _limits(items: Items, likeness: Likeness, policy: Policy, large_sources: Collection[str]) -> list[Limit]:
    limits: list[Limit] = []
    if policy.once and items.copies is not None:
        limits.append(CopyCap(items.copies))
    if policy.story:
        near = {"similarity": policy.story_similarity, "days": policy.story_days}
        limits.append(EventCap(likeness, items.published_at, policy.story, **near))
    if policy.category:
        limits.append(Cap(items.categories, policy.category))
    if policy.source:
        limits.append(Cap(items.sources, policy.source))
    if policy.newest and items.newest is not None:
        limits.append(KeptPlaces(items.newest, policy.newest))
    if policy.small_sources:
        limits.append(Floor(are_small(items.sources, large_sources), policy.small_sources))
    return limits
