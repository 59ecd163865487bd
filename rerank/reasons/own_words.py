"""The reader's own words in reasons: the part of them that is nearest to a story."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.tables.arrays import Flags, Vectors
from broadsheet.text import shortened

MAX_PROFILE = 90
"""Most characters of the reader's own words in a reason."""
MOST_PARTS = 12
"""Parts of the reader's own words that are told apart, the first."""
_JOINED = re.compile(r"^(?:and|or|og|eller|und|oder|et|ou)\s+", re.IGNORECASE)
"""A word that joins a part to the parts before it."""
EncodeWords = Callable[[Sequence[str]], Vectors]
"""From readers' words to their unit vectors, (texts, dim)."""


class Asked(NamedTuple):
    """What the reader's own words say of the stories of one page."""

    parts: list[str]
    "For each story the part of the words that is nearest to it; empty without words."
    near: Flags
    "Which stories are near to this part, or are in a section or from a source that the words name, (stories,)."


def spoken_words(profile: str) -> str:
    """Return the reader's own words as a reason names them: on one line, and shortened."""
    return shortened(" ".join(profile.split()), MAX_PROFILE)


def parts_of(profile: str) -> list[str]:
    """Return the parts of the reader's own words: "Films, music; and animals." has Films, music and animals."""
    parts = (_JOINED.sub("", " ".join(part.split())) for part in re.split(r"[,;.\n]", profile))
    return list(dict.fromkeys(shortened(part, MAX_PROFILE) for part in parts if part))[:MOST_PARTS]


def nothing_asked(stories: int) -> Asked:
    """Return what is said of stories by a reader without words."""
    return Asked([""] * stories, np.zeros(stories, np.bool_))


def named_in_words(profile: str, names: Sequence[Sequence[str]]) -> Asked:
    """Return for each story the part of the words that is one of its names, such as its section; empty for none."""
    parts = {part.casefold(): part for part in parts_of(profile)}
    found = [next((parts[name.casefold()] for name in one if name.casefold() in parts), "") for one in names]
    return Asked(found, np.array([bool(part) for part in found], np.bool_))


def nearest_parts(profile: str, stories: Vectors, others: Vectors, share: float, encode: EncodeWords | None) -> Asked:
    """Return for each story the part of the words that is nearest to it, by vectors (stories, dim).

    A story is near to the part if at most 1 - `share` of the `others` (articles, dim) are as near. Without `encode` the
    whole words stand for their parts, and no story is known to be near.
    """
    parts = parts_of(profile)
    if encode is None or not parts or not len(stories):
        return Asked([spoken_words(profile)] * len(stories), np.zeros(len(stories), np.bool_))
    vectors = encode(parts)
    likeness = stories @ vectors.T  # (stories, parts)
    best = likeness.argmax(axis=1)
    usual = np.quantile(others @ vectors.T, share, axis=0)
    near = np.take_along_axis(likeness, best[:, None], axis=1)[:, 0] >= usual[best]
    return Asked([parts[number] for number in best.tolist()], np.asarray(near))
