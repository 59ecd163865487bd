"""Where the stories of a page stand, so that its columns end at about the same height."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import ceil, hypot
from typing import Any, NamedTuple

Story = Mapping[str, Any]

GAP = 56
"""Pixels between two stories of a column."""
AROUND, ABOVE_WHY = 67, 11
"""Pixels of the lines above and below the texts of a story, and of the room above its reason."""
SHAPES = ((1, 3), (1, 2), (2, 4), (2, 3), (1, 4), (1, 1), (2, 2), (0, 2), (0, 3), (2, 5), (1, 5))
"""Rows of two stories under the lead, and stories beside it; of equal holes, the earlier of these wins."""
OUT_OF_ORDER = 4.0
"""How many pixels of a hole weigh as much as a story that stands one place from its rank."""
UNEVEN = 3.0
"""How many pixels of a hole above weigh as much as a pixel of the holes at the ends of the columns below."""
REST = 4
"""Columns of the stories that stand under all of these."""


class _Measure(NamedTuple):
    """Characters in a line and pixels a line of a story's texts, and pixels of a picture, at 1280 pixels of width."""

    headline: tuple[int, float]
    summary: tuple[int, float]
    why: tuple[int, float]
    picture: int


LEAD = _Measure((29, 57), (66, 30), (95, 24), 520)
UNDER = _Measure((31, 28), (47, 25.5), (50, 22.5), 260)
BESIDE = _Measure((39, 26), (49, 25.5), (50, 22.5), 260)
SLIM = _Measure((28, 23.5), (34, 25.5), (37, 22.5), 180)


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
    lead = _height(stories[0], LEAD)
    narrow, side = ([_height(story, measure) for story in stories] for measure in (UNDER, BESIDE))

    def cost(shape: tuple[list[int], list[int]]) -> float:
        under, beside = shape
        rows = [(narrow[one], narrow[other]) for one, other in zip(under[::2], under[1::2], strict=True)]
        left = lead + sum(GAP + max(row) for row in rows)
        right = sum(side[place] for place in beside) + GAP * (len(beside) - 1)
        # What the column beside lacks is shared by the places between its stories.
        hole = right - left if right > left else (left - right) / max(1, len(beside) - 1)
        moved = sum(abs(place - rank) for rank, place in enumerate([*under, *beside], 1))
        return hole + sum(abs(one - other) for one, other in rows) / 2 + OUT_OF_ORDER * moved

    return min(_shapes(len(stories)), key=cost)


def _shapes(count: int) -> Iterator[tuple[list[int], list[int]]]:
    for rows, beside in SHAPES:
        places = range(1, 1 + 2 * rows + beside)
        if places.stop <= count:
            for chosen in combinations(places, beside):
                yield [place for place in places if place not in chosen], list(chosen)


def _rest(stories: Sequence[Story]) -> list[Sequence[Story]]:
    """Return stories in columns: they are moved and swapped as long as that makes the columns more even."""
    size, count = len(stories), min(REST, len(stories))
    heights = [_height(story, SLIM) + GAP for story in stories]

    def cost(column_of: Sequence[int]) -> float:
        sums = [0.0] * count
        for place, column in enumerate(column_of):
            sums[column] += heights[place]
        moved = sum(abs(place - rank) for rank, place in enumerate(_in_order(column_of)))
        # The squares: two holes of 40 pixels look better than one of 80.
        return UNEVEN * hypot(*(max(sums) - height for height in sums)) + OUT_OF_ORDER * moved

    column_of = [place * count // size for place in range(size)]
    while changes := list(_changes(column_of, count)):
        best = min(changes, key=cost)
        if cost(best) >= cost(column_of):
            break
        column_of = best
    return [[stories[place] for place in range(size) if column_of[place] == column] for column in range(count)]


def _in_order(column_of: Sequence[int]) -> list[int]:
    """Return the places of stories in the order in which their columns are read."""
    return sorted(range(len(column_of)), key=lambda place: (column_of[place], place))


def _changes(column_of: Sequence[int], count: int) -> Iterator[list[int]]:
    """Yield the columns of stories after each move of a story to another column, and each swap of two stories."""
    for place, column in enumerate(column_of):
        for other in range(count):
            if other != column:
                yield [*column_of[:place], other, *column_of[place + 1 :]]
    for one, other in combinations(range(len(column_of)), 2):
        if column_of[one] != column_of[other]:
            swapped = list(column_of)
            swapped[one], swapped[other] = column_of[other], column_of[one]
            yield swapped


def _height(story: Story, measure: _Measure) -> float:
    texts = ((story["headline"], measure.headline), (story["summary"], measure.summary), (story["why"], measure.why))
    lines = sum(ceil(len(text) / characters) * pixels for text, (characters, pixels) in texts)
    return AROUND + (ABOVE_WHY if story["why"] else 0) + (measure.picture if story["image"] else 0) + lines
