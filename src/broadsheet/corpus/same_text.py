"""When two articles are one text under two ids: an article that was published again, or with a few words changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Flags, Rows, Vectors

LIKENESS = 0.9
"""Least inner product of two articles of which the texts are compared; copies have 1, and texts are slow to compare."""
SHARED_WORDS = 0.9
"""Least share of the words of both texts that stand in both."""

SHARED_PAIRS = 0.7
"""Least share of the pairs of neighbouring words of both texts that stand in both: a changed word changes two pairs."""

KEPT_PAIRS = 1 << 18
"""Pairs of articles of which it is kept whether they are copies, some 100 bytes each."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Text:
    text: str
    words: set[str]
    pairs: set[tuple[str, str]]
    numbers: set[str]
    "Words with a digit."


class SameTexts:
    """Compares the texts of a catalogue's articles, and remembers what it found; safe to call from several threads.

    Two texts are the same if title, abstract and body together share SHARED_WORDS of their words and SHARED_PAIRS of
    their pairs of neighbouring words, and name the same numbers. So "Winning numbers: 3, 5, 8" is no copy of "Winning
    numbers: 2, 5, 9", nor "Chelsea beat Arsenal" of "Arsenal beat Chelsea". Only texts whose vectors are alike by
    LIKENESS are compared.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[int, int], bool] = {}

    def copies(self, rows: Rows, others: Rows, likeness: Vectors) -> Flags:
        """Return which of the `others` have the text of each of the `rows` under another id, (..., rows, others).

        `rows` are (..., rows), `others` (..., others), and `likeness` has the inner products of their vectors. A row
        below 0 is no article.
        """
        found, places = np.zeros(likeness.shape, np.bool_), np.stack(np.nonzero(likeness >= LIKENESS))
        ours, theirs = rows[(*places[:-2], places[-2])], others[(*places[:-2], places[-1])]
        differ = (ours != theirs) & (ours >= 0) & (theirs >= 0)
        found[(*places[:, differ],)] = self._compare(ours[differ].tolist(), theirs[differ].tolist())
        return found

    def _compare(self, ours: Sequence[int], theirs: Sequence[int]) -> list[bool]:
        """Return for each pair of articles whether they have the same text."""
        pairs = [(one, other) if one < other else (other, one) for one, other in zip(ours, theirs, strict=True)]
        known = self._known
        if new := {pair for pair in pairs if pair not in known}:
            texts = _texts(self._catalogue, np.unique(np.array([*new], np.int64)))
            found = {(one, other): _is_same(texts[one], texts[other]) for one, other in new}
            if len(known) + len(found) > KEPT_PAIRS:  # other threads may still read the former dictionary
                self._known = known = found | {pair: known[pair] for pair in pairs if pair in known}
            else:
                known.update(found)
        return [known[pair] for pair in pairs]


def _is_same(one: _Text, other: _Text) -> bool:
    """Return whether two texts are the same, perhaps with a few words changed; see SameTexts."""
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
