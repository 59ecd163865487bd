"""What of an article a reader follows: the topic of the reader's that is most like it, if one is like it at all."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

LEAST = 0.3
"""Inner product of a topic's vector and an article's, below which the article is not about the topic."""


class Interests:
    """Finds what readers follow of articles; called as an Interest of StoryWriter."""

    def __init__(
        self,
        follows: Mapping[str, Sequence[str]],
        encode: Callable[[Sequence[str]], Vectors],
        vectors_of: Callable[[Sequence[str]], Vectors],
    ) -> None:
        """Take the topics of readers by user_id, what makes unit vectors of texts, and of articles by their ids."""
        self._follows, self._vectors_of = follows, vectors_of
        topics = sorted({topic for found in follows.values() for topic in found})
        self._place = {topic: place for place, topic in enumerate(topics)}
        self._topics = encode(topics) if topics else np.zeros((0, 1), np.float32)

    def __call__(self, user_ids: Sequence[str], news_ids: Sequence[str]) -> list[str]:
        """Return the topic for each reader and article, empty where the reader follows nothing of it."""
        found = [""] * len(user_ids)
        rows_of: dict[str, list[int]] = {}
        for row, user_id in enumerate(user_ids):
            rows_of.setdefault(user_id, []).append(row)
        for user_id, rows in rows_of.items():
            topics = self._follows.get(user_id, ())
            if not topics:
                continue
            vectors = self._topics[[self._place[topic] for topic in topics]]
            likeness = self._vectors_of([news_ids[row] for row in rows]) @ vectors.T  # (rows, topics)
            best = likeness.argmax(1)
            for row, place, like in zip(rows, best.tolist(), likeness.max(1).tolist(), strict=True):
                found[row] = topics[place] if like >= LEAST else ""
        return found
