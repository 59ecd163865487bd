"""Where the stories of a page stand, so that its columns end at about the same height."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import ceil
from typing import Any, NamedTuple

Story = Mapping[str, Any]

GAP = 56
"""Pixels between two stories of a column."""
AROUND = 78
"""Pixels of the lines above and below the texts of a story."""
SHAPES = ((1, 3), (1, 2), (2, 4), (2, 3), (1, 4), (1, 1), (2, 2), (0, 2), (0, 3), (2, 5), (1, 5))
"""Rows of two stories under the lead, and stories beside it; of equal holes, the earlier of these wins."""
OUT_OF_ORDER = 4.0
"""How many pixels of a hole weigh as much as a story that stands one place from its rank."""
REST = 4
"""Columns of the stories that stand under all of these."""


class _Measure(NamedTuple):
    """Characters in a line and pixels a line of a story's texts, and pixels of a picture, at 1280 pixels of width."""

    headline: tuple[int, float]
    summary: tuple[int, float]
    why: tuple[int, float]
    picture: int


LEAD = _Measure((27, 57), (74, 30), (95, 24), 520)
NARROW = _Measure((28, 28), (45, 25.5), (50, 22.5), 260)
SLIM = _Measure((25, 23.5), (33, 25.5), (37, 22.5), 180)


class Columns(NamedTuple):
    """The stories of a page by their place, each list best first."""

    lead: Story
    under: Sequence[Story]
    "Two in a row."
    beside: Sequence[Story]
    rest: Sequence[Sequence[Story]]
    "The columns below, which are read one after the other."


def columns_of(stories: Sequence[Story]) -> Columns | None:
    """Return where stories stand by the estimated heights of their texts; None if there are no stories.

    With fewer than four stories all of them stand under the lead.
    """
    if not stories:
        return None
    if len(stories) < 4:
        return Columns(stories[0], stories[1:], [], [])
    under, beside = _front(stories)
    rest = stories[1 + len(under) + len(beside) :]
    return Columns(stories[0], [stories[place] for place in under], [stories[place] for place in beside], _rest(rest))


def _front(stories: Sequence[Story]) -> tuple[list[int], list[int]]:
    """Return the places of the stories under and beside the lead that leave the smallest hole."""
    heights, lead = [_height(story, NARROW) for story in stories], _height(stories[0], LEAD)

    def cost(shape: tuple[list[int], list[int]]) -> float:
        under, beside = shape
        rows = zip(under[::2], under[1::2], strict=True)
        left = lead + sum(GAP + max(heights[one], heights[other]) for one, other in rows)
        right = sum(heights[place] for place in beside) + GAP * (len(beside) - 1)
        # What the column beside lacks is shared by the places between its stories.
        hole = right - left if right > left else (left - right) / max(1, len(beside) - 1)
        moved = sum(abs(place - rank) for rank, place in enumerate([*under, *beside], 1))
        return hole + OUT_OF_ORDER * moved

    return min(_shapes(len(stories)), key=cost)


def _shapes(count: int) -> Iterator[tuple[list[int], list[int]]]:
    for rows, beside in SHAPES:
        places = range(1, 1 + 2 * rows + beside)
        if places.stop <= count:
            for chosen in combinations(places, beside):
                yield [place for place in places if place not in chosen], list(chosen)


def _rest(stories: Sequence[Story]) -> list[Sequence[Story]]:
    """Return stories in columns of about the same height: two are swapped while that makes them more even."""
    count, heights = min(REST, len(stories)), [_height(story, SLIM) + GAP for story in stories]
    ends = [len(stories) * number // count for number in range(1, count)] if count else []

    def columns(order: Sequence[int]) -> list[list[int]]:
        return [sorted(order[begin:end]) for begin, end in zip([0, *ends], [*ends, len(order)], strict=True)]

    def cost(order: Sequence[int]) -> float:
        sums = [sum(heights[place] for place in column) for column in columns(order)]
        moved = sum(abs(place - rank) for rank, place in enumerate(order))
        return max(sums) * len(sums) - sum(sums) + OUT_OF_ORDER * moved

    order = list(range(len(stories)))
    while swaps := [_swapped(order, one, other) for one, other in combinations(range(len(order)), 2)]:
        best = min(swaps, key=cost)
        if cost(best) >= cost(order):
            break
        order = best
    return [[stories[place] for place in column] for column in columns(order)] if stories else []


def _swapped(order: Sequence[int], one: int, other: int) -> list[int]:
    swapped = list(order)
    swapped[one], swapped[other] = order[other], order[one]
    return swapped


def _height(story: Story, measure: _Measure) -> float:
    texts = ((story["headline"], measure.headline), (story["summary"], measure.summary), (story["why"], measure.why))
    lines = sum(ceil(len(text) / characters) * pixels for text, (characters, pixels) in texts)
    return AROUND + (measure.picture if story["image"] else 0) + lines
