"""When two articles are one text under two ids: an article that was published again, or with a few words changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Flags, Rows

LIKENESS = 0.9
"""Least inner product of two articles of which the texts are compared; copies have 1, and texts are slow to compare."""
SHARED_WORDS = 0.9
"""Least share of the words of both texts that stand in both."""

SHARED_PAIRS = 0.7
"""Least share of the pairs of neighbouring words of both texts that stand in both: a changed word changes two pairs."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Text:
    text: str
    words: set[str]
    pairs: set[tuple[str, str]]
    numbers: set[str]
    "Words with a digit."


def same_texts(catalogue: Catalogue, rows: Rows, others: Sequence[int] | Rows) -> Flags:
    """Return for each of the `rows` whether another row, one of `others`, has the same text or nearly the same.

    Two texts are the same if title, abstract and body together share SHARED_WORDS of their words and SHARED_PAIRS of
    their pairs of neighbouring words, and name the same numbers. So "Winning numbers: 3, 5, 8" is no copy of "Winning
    numbers: 2, 5, 9", nor "Chelsea beat Arsenal" of "Arsenal beat Chelsea".
    """
    known = np.unique(np.asarray(others, np.int64))
    return np.asarray(copies(catalogue, rows, known).any(axis=1))


def copies(catalogue: Catalogue, rows: Rows | Sequence[int], others: Rows | Sequence[int]) -> Flags:
    """Return which of the `others` have the text of each of the `rows` under another id, as a matrix (rows, others)."""
    ours, theirs = np.asarray(rows, np.int64), np.asarray(others, np.int64)
    found = np.zeros((len(ours), len(theirs)), np.bool_)
    if not found.size:
        return found
    likeness = catalogue.vectors_of(ours) @ catalogue.vectors_of(theirs).T
    places, columns = np.nonzero((likeness >= LIKENESS) & (ours[:, None] != theirs))
    texts = _texts(catalogue, np.unique(np.concatenate([ours[places], theirs[columns]])))
    for place, column in zip(places.tolist(), columns.tolist(), strict=True):
        found[place, column] = _is_same(texts[int(ours[place])], texts[int(theirs[column])])
    return found


def _is_same(one: _Text, other: _Text) -> bool:
    """Return whether two texts are the same, perhaps with a few words changed; see `same_texts`."""
    if not one.words or not other.words:
        return one.text.strip() == other.text.strip()
    return (
        one.numbers == other.numbers
        and _shared(one.words, other.words) >= SHARED_WORDS
        and _shared(one.pairs, other.pairs) >= SHARED_PAIRS
    )


def _shared(ours: set[Any], theirs: set[Any]) -> float:
    """Return the share of what both have in all that either has; 1 if both are empty."""
    together = len(ours | theirs)
    return len(ours & theirs) / together if together else 1.0


def _taken_apart(text: str) -> _Text:
    words = _WORD.findall(text.casefold())
    return _Text(text, set(words), set(pairwise(words)), {word for word in words if any(map(str.isdigit, word))})


def _texts(catalogue: Catalogue, rows: Rows) -> dict[int, _Text]:
    columns = catalogue.news.select(["title", "abstract", "body"]).take(pa.array(rows)).to_pylist()
    return {int(row): _taken_apart(" ".join(article.values())) for row, article in zip(rows, columns, strict=True)}
