"""When two articles are one text under two ids: an article that was published again, or with a few words changed."""

import re
from collections.abc import Sequence
from itertools import pairwise

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


def same_texts(catalogue: Catalogue, rows: Rows, others: Sequence[int] | Rows) -> Flags:
    """Return for each of the `rows` whether another row, one of `others`, has the same text or nearly the same.

    Two texts are the same if title, abstract and body together share SHARED_WORDS of their words and SHARED_PAIRS of
    their pairs of neighbouring words, and name the same numbers. So "Winning numbers: 3, 5, 8" is no copy of "Winning
    numbers: 2, 5, 9", nor "Chelsea beat Arsenal" of "Arsenal beat Chelsea".
    """
    found, known = np.zeros(len(rows), np.bool_), np.unique(np.asarray(others, np.int64))
    if not len(rows) or not len(known):
        return found
    likeness = catalogue.vectors_of(rows) @ catalogue.vectors_of(known).T
    near = (likeness >= LIKENESS) & (np.asarray(rows)[:, None] != known)
    places, columns = np.nonzero(near)
    texts = _texts(catalogue, np.unique(np.concatenate([rows[places], known[columns]])))
    for place, column in zip(places.tolist(), columns.tolist(), strict=True):
        found[place] |= is_same_text(texts[int(rows[place])], texts[int(known[column])])
    return found


def is_same_text(one: str, other: str) -> bool:
    """Return whether two texts are one text, perhaps with a few words changed; see `same_texts`."""
    words = [_WORD.findall(text.casefold()) for text in (one, other)]
    ours, theirs = map(set, words)
    if not ours or not theirs:
        return one.strip() == other.strip()
    if {word for word in ours ^ theirs if any(map(str.isdigit, word))}:
        return False
    pairs = [set(pairwise(text)) for text in words]
    return len(ours & theirs) >= SHARED_WORDS * len(ours | theirs) and len(pairs[0] & pairs[1]) >= SHARED_PAIRS * len(
        pairs[0] | pairs[1]
    )


def _texts(catalogue: Catalogue, rows: Rows) -> dict[int, str]:
    columns = catalogue.news.select(["title", "abstract", "body"]).take(pa.array(rows)).to_pylist()
    return {int(row): " ".join(article.values()) for row, article in zip(rows, columns, strict=True)}
