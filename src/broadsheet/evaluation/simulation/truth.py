"""What is true of the articles of a simulation, and hidden from the newsroom: their words, quality and events.

The truth reads other features than the ranker: words counted and reduced by a singular value decomposition, while the
ranker reads vectors of a BERT model. The quality is drawn by chance, and no text shows it. So the ranker is not the
judge of itself, and only clicks can tell which articles are good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pyarrow as pa

from broadsheet.corpus.same_event import DAY
from broadsheet.tables.arrays import Floats, Integers, Vectors

BUCKETS, TOPICS = 2048, 64
"""Columns into which words are hashed, and dimensions that are kept of these."""
WORDS = 80
"""Words of an article that count: those of its headline and abstract, and if these are fewer, of its body."""
SAME_EVENT, EVENT_DAYS = 0.8, 3.0
"""Least likeness of the words of two articles on one event, and most days between them."""


@dataclass(frozen=True)
class Truth:
    """The articles in the order of a news table."""

    words: Vectors
    "Unit vectors of their words (articles, TOPICS)."
    quality: Floats
    "Hidden quality, in standard deviations (articles,)."
    events: Integers
    "The row of the first article on the same event (articles,)."
    published_at: Floats
    "Epoch seconds, UTC (articles,)."


def make_truth(news: pa.Table, published_at: Floats, seed: int) -> Truth:
    """Return the truth of a news table; all articles have a publication time. The same seed gives the same truth."""
    words = word_vectors(_texts(news))
    quality = np.random.default_rng([seed, 1]).standard_normal(len(news))
    return Truth(words, quality, same_events(words, published_at), published_at)


def word_vectors(texts: Iterable[str]) -> Vectors:
    """Return a unit vector for each text (texts, TOPICS): words weighed by rarity (tf-idf), reduced by SVD."""
    counts = np.stack([_counts(text) for text in texts])
    rarity = np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)))
    weighed = np.log1p(counts) * rarity
    weighed /= np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-9)
    reduced = reduce_columns(weighed, TOPICS)
    found: Vectors = reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-9)
    return found.astype(np.float32)


def reduce_columns(rows: Floats, most: int) -> Floats:
    """Return rows (n, columns) reduced to the `most` directions in which they differ most, (n, most).

    If the rows have fewer directions, the last columns are 0.
    """
    if len(rows) >= rows.shape[1]:
        _, directions = np.linalg.eigh(rows.T @ rows)  # rising
        reduced: Floats = rows @ directions[:, ::-1][:, :most]
    else:  # the same from the smaller matrix: of few articles at a hundredth of the time
        squares, places = np.linalg.eigh(rows @ rows.T)
        reduced = places[:, ::-1][:, :most] * np.sqrt(np.maximum(squares[::-1][:most], 0))
    filled: Floats = np.pad(reduced, ((0, 0), (0, most - reduced.shape[1])))
    return filled


def same_events(words: Vectors, published_at: Floats) -> Integers:
    """Return for each article the row of the first article on its event (articles,).

    An article belongs to the event of the article before it that is most like it, if that is at least SAME_EVENT alike
    and was published at most EVENT_DAYS before.
    """
    order, events = np.argsort(published_at, kind="stable"), np.arange(len(words))
    times = published_at[order]
    starts = np.searchsorted(times, times - EVENT_DAYS * DAY)
    for place, (start, row) in enumerate(zip(starts.tolist(), order.tolist(), strict=True)):
        earlier = order[start:place]
        if len(earlier):
            likeness = words[earlier] @ words[row]
            if likeness.max() >= SAME_EVENT:
                events[row] = events[earlier[likeness.argmax()]]
    return events


def _texts(news: pa.Table) -> list[str]:
    columns = (news.column(name).to_pylist() for name in ("title", "abstract", "body"))
    return [f"{title} {abstract} {body[:1000]}" for title, abstract, body in zip(*columns, strict=True)]


def _counts(text: str) -> Floats:
    words = re.findall(r"\w{3,}", text.lower())[:WORDS]
    buckets = [crc32(word.encode()) % BUCKETS for word in words]
    return np.bincount(np.array(buckets, np.int64), minlength=BUCKETS).astype(np.float64)
