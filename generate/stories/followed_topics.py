"""What a reader follows of an article: the reader's topic that is most like the article, if it is like it enough."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Vectors

LEAST = 0.3
"""Least inner product of the vectors of a topic and of an article that is about the topic."""


class FollowedTopics:
    """Finds what readers follow of articles; it is an Interest, as StoryWriter takes it."""

    def __init__(
        self,
        follows: Callable[[str], Sequence[str]],
        encode: Callable[[Sequence[str]], Vectors],
        vectors_of: Callable[[Sequence[str]], Vectors],
    ) -> None:
        """Take functions that return a reader's topics, unit vectors of texts, and vectors of articles by id."""
        self._follows, self._encode, self._vectors_of = follows, encode, vectors_of
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    def __call__(self, user_ids: Sequence[str], news_ids: Sequence[str]) -> list[str]:
        """Return the topic for each reader and article; empty if the reader follows nothing of the article."""
        rows_of: dict[str, list[int]] = {}
        for row, user_id in enumerate(user_ids):
            rows_of.setdefault(user_id, []).append(row)
        topics_of = {user_id: list(self._follows(user_id)) for user_id in rows_of}
        self._learn({topic for topics in topics_of.values() for topic in topics})
        found = [""] * len(user_ids)
        for user_id, rows in rows_of.items():
            if topics := topics_of[user_id]:
                vectors = np.stack([self._known[topic] for topic in topics])
                likeness = self._vectors_of([news_ids[row] for row in rows]) @ vectors.T  # (rows, topics)
                for row, place, like in zip(rows, likeness.argmax(1).tolist(), likeness.max(1).tolist(), strict=True):
                    found[row] = topics[place] if like >= LEAST else ""
        return found

    def _learn(self, topics: set[str]) -> None:
        if missing := sorted(topics - self._known.keys()):
            self._known |= zip(missing, self._encode(missing), strict=True)
