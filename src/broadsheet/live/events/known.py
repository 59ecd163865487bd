"""What a log remembers between calls: pages, events of each reader in a minute, and which articles there are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.locks import ThreadLock
from broadsheet.tables.schemas import NEWS

PAGES, RATES, ANSWERS = 20_000, 100_000, 10_000
"""Most pages, minutes of readers, and answers on articles that a process remembers."""
Value = TypeVar("Value")


class KnownPage(NamedTuple):
    """What is needed of a page to judge what happened on it."""

    user_id: str
    time: datetime
    shown: tuple[str, ...]
    region: str | None


class Recent(Generic[Value]):
    """The values that were set or read last, up to a number; safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, ThreadLock()
        self._values: dict[Any, Value] = {}

    def get(self, key: Any) -> Value | None:  # noqa: ANN401
        """Return the value of a key, or None if it is not remembered."""
        with self._lock:
            value = self._values.pop(key, None)
            if value is not None:
                self._values[key] = value
            return value

    def set(self, key: Any, value: Value) -> None:  # noqa: ANN401
        """Remember a value; the one that was not asked for longest is forgotten."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]

    def drop(self, key: Any) -> None:  # noqa: ANN401
        """Forget the value of a key, if it is remembered."""
        with self._lock:
            self._values.pop(key, None)


class KnownArticles:
    """Which articles there are: those at hand, and those that the corpus and the journal hold now."""

    def __init__(self, newsroom: Newsroom, at_hand: Callable[[], Container[str]] = tuple) -> None:
        """`at_hand` returns the articles that are known without a look at the disk, such as those of an edition."""
        self._newsroom, self._at_hand = newsroom, at_hand
        self._answers: dict[str, bool] = {}
        self._seen: object = None

    def unknown(self, news_ids: Iterable[str]) -> set[str]:
        """Return those of the ids that no article has."""
        known = self._at_hand()
        asked = {news_id for news_id in news_ids if news_id not in known}
        if not asked:
            return asked
        seen = (self._newsroom.news.stat().st_mtime_ns, Journal(self._newsroom).modified())
        if seen != self._seen or None in seen or len(self._answers) > ANSWERS:
            self._answers, self._seen = {}, seen
        answers = self._answers  # other threads may begin another mapping meanwhile
        if new := [news_id for news_id in asked if news_id not in answers]:
            there = self._look_up(new)
            answers.update((news_id, news_id in there) for news_id in new)
        return {news_id for news_id in asked if not answers[news_id]}

    def _look_up(self, news_ids: list[str]) -> set[str]:
        column, wanted = read_table(self._newsroom.news, NEWS).column("news_id"), pa.array(news_ids, pa.string())
        there = set(column.filter(pc.is_in(column, value_set=wanted)).to_pylist())
        added = Journal(self._newsroom).changed_ids(to_end=False).added
        return there if added is None else there | set(added.column("news_id").to_pylist()) & set(news_ids)
