"""How many stories stand in each column of a page's front, so that no column has a hole beside a longer column."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

_GAP = 56
"""Pixels between two stories of a column."""
_WIDE = {"headline": (32, 57), "summary": (70, 30), "why": (85, 24), "made": (90, 18)}
_NARROW = {"headline": (31, 26), "summary": (45, 26), "why": (44, 22), "made": (52, 18)}
"""Characters in a line and pixels a line, of the lead and of the other stories, on a screen 1280 pixels wide."""
_PLAIN = ((1, 3), (1, 2), (2, 4), (2, 3), (1, 4), (1, 1), (2, 2))
"""Rows of two stories under the lead, and stories beside it; of equal holes, the earlier of these wins."""


def front_columns(stories: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many stories stand under the lead, two in a row, and how many beside it, best first.

    The heights of both columns are estimated from the lengths of their texts, and the smallest hole is chosen. With
    fewer than four stories all stand under the lead.
    """
    if len(stories) < 4:
        return max(0, len(stories) - 1), 0
    heights = [_height(story, _NARROW) for story in stories]
    lead = _height(stories[0], _WIDE)

    def hole(rows: int, beside: int) -> float:
        under = heights[1 : 1 + 2 * rows]
        left = lead + sum(_GAP + max(under[row : row + 2]) for row in range(0, 2 * rows, 2))
        side = heights[1 + 2 * rows : 1 + 2 * rows + beside]
        right = sum(side) + _GAP * (beside - 1)
        # What the column beside lacks is shared by the places between its stories.
        return right - left if right > left else (left - right) / max(1, beside - 1)

    fitting = [(rows, beside) for rows, beside in _PLAIN if 1 + 2 * rows + beside <= len(stories)]
    rows, beside = min(fitting, key=lambda shape: hole(*shape))
    return 2 * rows, beside


def _height(story: Mapping[str, Any], lines: Mapping[str, tuple[int, int]]) -> int:
    """Return the height of a story in pixels: its texts, and the lines above and below them."""
    height = 45 + (240 if story["image"] else 0)
    for part, (characters, pixels) in lines.items():
        height += ceil(len(story[part]) / characters) * pixels
    return height
