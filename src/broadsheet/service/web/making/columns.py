"""Where the stories of a page stand, so that its columns end at about the same height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

Story = Mapping[str, Any]

GAP = 56
"""Pixels between two stories of a column."""
WIDE = {"headline": (32, 57), "summary": (70, 30), "why": (85, 24)}
NARROW = {"headline": (29, 28), "summary": (43, 26), "why": (44, 22)}
"""Characters in a line and pixels a line, of the lead and of the other stories, on a screen 1280 pixels wide."""
AROUND = 62
"""Pixels of the lines above and below the texts of a story."""
WIDE_PICTURE, NARROW_PICTURE = 520, 250
"""Heights of pictures in pixels."""
SHAPES = ((1, 3), (1, 2), (2, 4), (2, 3), (1, 4), (1, 1), (2, 2), (0, 2), (0, 3), (2, 5), (1, 5))
"""Rows of two stories under the lead, and stories beside it; of equal holes, the earlier of these wins."""


class Columns(NamedTuple):
    """The stories of a page by their place, each list best first."""

    lead: Story
    under: Sequence[Story]
    beside: Sequence[Story]
    rest: Sequence[Story]


def columns_of(stories: Sequence[Story]) -> Columns | None:
    """Return where stories stand, best first, by the estimated heights of their texts; None if there are no stories.

    With fewer than four stories all of them stand under the lead.
    """
    if not stories:
        return None
    if len(stories) < 4:
        return Columns(stories[0], stories[1:], [], [])
    heights, lead = (
        [_height(story, NARROW, NARROW_PICTURE) for story in stories],
        _height(stories[0], WIDE, WIDE_PICTURE),
    )

    def hole(shape: tuple[int, int]) -> float:
        rows, beside = shape
        under, side = heights[1 : 1 + 2 * rows], heights[1 + 2 * rows : 1 + 2 * rows + beside]
        left = lead + sum(GAP + max(under[row : row + 2]) for row in range(0, 2 * rows, 2))
        right = sum(side) + GAP * (beside - 1)
        # What the column beside lacks is shared by the places between its stories.
        return right - left if right > left else (left - right) / max(1, beside - 1)

    rows, beside = min((shape for shape in SHAPES if 1 + 2 * shape[0] + shape[1] <= len(stories)), key=hole)
    under = 2 * rows
    return Columns(
        stories[0], stories[1 : 1 + under], stories[1 + under : 1 + under + beside], stories[1 + under + beside :]
    )


def _height(story: Story, lines: Mapping[str, tuple[int, int]], picture: int) -> int:
    return (
        AROUND
        + (picture if story["image"] else 0)
        + sum(ceil(len(story[part]) / characters) * pixels for part, (characters, pixels) in lines.items())
    )
