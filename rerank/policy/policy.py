"""The policy of a newsroom: in which order the scored candidates of one reader are shown.

It does not depend on how the scores are made. Score, diversity and calibration are weighed against each other. Caps and
the floor come before them, but where no candidate is left within a limit, the limit gives way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from broadsheet.rerank.policy.calibration import Miscalibration
from broadsheet.rerank.policy.diversity import Similarity
from broadsheet.rerank.policy.filters import Wishes
from broadsheet.rerank.policy.limits import Cap, CopyCap, EventCap, Floor, KeptPlaces
from broadsheet.rerank.policy.selection import Limit, Order, Penalty, Reserving, select
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows, Vectors


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
    """The scored candidates of some readers, a list for each; of two items with equal worth the first is placed higher.

    Every array has a row for each list. What stands where there is no item is not read.
    """

    scores: Floats
    "Higher is better; finite, of any scale. (lists, items)"
    there: Flags
    "Which places hold an item. (lists, items)"
    likeness: Vectors
    "Inner products of the items' unit vectors. (lists, items, items)"
    categories: Integers
    "Number of each item's category; below 0 if unknown. (lists, items)"
    sources: Integers
    "Number of each item's source; below 0 if unknown. (lists, items)"
    published_at: Floats
    "Epoch seconds, UTC; NaN if unknown. (lists, items)"
    small: Flags | None = None
    "Whether each item is from a small source; read only if the policy has a floor for them. (lists, items)"
    newest: Flags | None = None
    "Whether each item is among the newest; None if the policy keeps no place for them. (lists, items)"
    copies: Flags | None = None
    "Which items have the text of each item under another id; None unless the policy is `once`. (lists, items, items)"

    def of(self, lists: Rows) -> Items:
        """Return some of the lists."""
        if len(lists) == len(self.scores):
            return self
        parts = {name: values[lists] for name, values in vars(self).items() if values is not None}
        return replace(self, **parts)


def arrange(
    items: Items, policy: Policy, history_categories: Integers, wishes: Wishes | None = None
) -> tuple[Order, Floats]:
    """Return the order of all items, and for each place 1 - the largest similarity to an item above (1 for the first).

    Both are (lists, items); after the end of a list the order is NO_ITEM. `history_categories` are the numbers of the
    categories of each history's articles (lists, articles), below 0 if unknown. If not all limits can hold, the floor
    for small sources gives way first, then the places of the newest, then the limit of the source, then of the
    category, then of the story, and last copies of a text are let in.
    `wishes`, those of a page's filters, are stronger than all of these.
    """
    similarity = Similarity(items.likeness)
    penalties: list[tuple[float, Penalty]] = [(policy.diversity, similarity)]
    if policy.calibration:
        penalties.append((policy.calibration, Miscalibration(history_categories, items.categories)))
    limits, boosts = (wishes.limits(), wishes.boosts) if wishes else ([], 0.0)
    limits += _limits(items, policy, wishes)
    order = select(items.scores, penalties, limits, boosts, items.there)
    return order, similarity.distances


def caps(items: Items, policy: Policy) -> list[Reserving]:
    """Return the limits that do not count places: copies of a text, articles of a story, a category and a source."""
    limits: list[Reserving] = []
    if policy.once and items.copies is not None:
        limits.append(CopyCap(items.copies))
    if policy.story:
        near = {"similarity": policy.story_similarity, "days": policy.story_days}
        limits.append(EventCap(items.likeness, items.published_at, policy.story, **near))
    if policy.category:
        limits.append(Cap(items.categories, policy.category))
    if policy.source:
        limits.append(Cap(items.sources, policy.source))
    return limits


def _limits(items: Items, policy: Policy, wishes: Wishes | None) -> list[Limit]:
    counting = caps(items, policy)
    if wishes:
        wishes.reserve(counting)
    limits: list[Limit] = [*counting]
    if policy.newest and items.newest is not None:
        limits.append(KeptPlaces(items.newest, policy.newest))
    if policy.small_sources and items.small is not None:
        limits.append(Floor(items.small, policy.small_sources))
    return limits
