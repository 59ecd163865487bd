"""What of an article a reader follows: the topic of the reader's that is most like it, if one is like it at all."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Vectors

LEAST = 0.3
"""Inner product of a topic's vector and an article's, below which the article is not about the topic."""


class Interests:
    """Finds what readers follow of articles; called as an Interest of StoryWriter."""

    def __init__(
        self,
        follows: Callable[[str], Sequence[str]],
        encode: Callable[[Sequence[str]], Vectors],
        vectors_of: Callable[[Sequence[str]], Vectors],
    ) -> None:
        """Take what gives a reader's topics, unit vectors of texts, and those of articles by their ids."""
        self._follows, self._encode, self._vectors_of = follows, encode, vectors_of
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    def __call__(self, user_ids: Sequence[str], news_ids: Sequence[str]) -> list[str]:
        """Return the topic for each reader and article, empty where the reader follows nothing of it."""
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
