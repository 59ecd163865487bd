"""The interests of a reader: topics found in the history, and the reader's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.clock import read_clock
from broadsheet.readers.audience import open_audience
from broadsheet.readers.follows import Follows, open_follows
from broadsheet.readers.forgotten import open_forgotten
from broadsheet.readers.profiles import NOTHING, Following, Profiles, open_profiles
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

if TYPE_CHECKING:
    from broadsheet.generate.extracts.topics import Topic


ARTICLES = 100
"""Most articles of a history, the newest, among which topics are looked for."""
MOST_HISTORIES = 5_000
"""Histories whose topics are remembered, some 2 KB each."""


@dataclass(frozen=True)
class Interests:
    """The interests of a reader as far as they are known."""

    topics: list[Topic]
    "Topics found in the history."
    read: int
    "Number of articles of the history that are in the corpus; only the newest ARTICLES are searched for topics."
    following: Following
    "The interests that the reader's page names, and whose words they are."


def interests_of(newsroom: Newsroom, user_id: str) -> Interests:
    """Return the interests of a reader as of the newsroom's clock; empty for an unknown reader.

    Raises NewsroomError if there is no newsroom, ContractError if a table is damaged.
    """
    newsroom.require()
    own, follows = open_profiles(newsroom.profiles), open_follows(newsroom.follows)
    as_of = read_clock(newsroom.config().clock, newsroom.news, newsroom.clicks)
    audience = open_audience(newsroom.users, newsroom.clicks, own, follows, open_forgotten(newsroom))
    (user,) = audience.state([user_id], as_of).to_pylist()
    news = read_table(newsroom.news, NEWS)
    rows = pc.index_in(pa.array(user["history"], pa.string()), value_set=news.column("news_id").combine_chunks())
    history = np.asarray(rows.drop_null().to_numpy(), np.int64).tolist()
    reader, topics = ReaderState(user, history), topics_of(news, history)
    return Interests(topics, len(history), follow(reader, own(), follows(), lambda reader: find_topics(news, reader)))


def topics_of(news: pa.Table, rows: Sequence[int]) -> list[Topic]:
    """Return the topics of a history, given as rows of a news table, oldest first."""
    from broadsheet.generate.extracts.topics import COLUMNS, topics

    articles = news.select(list(COLUMNS)).take(pa.array(rows[-ARTICLES:], pa.int64()))
    return topics(articles.to_pylist())


class ReaderTopics:
    """The topics of readers' histories, found once for each history; safe to share between threads."""

    def __init__(self, news: pa.Table) -> None:
        """`news` is the catalogue's news table."""
        self.news = news
        self._of = lru_cache(MOST_HISTORIES)(partial(topics_of, news))

    def __call__(self, reader: ReaderState) -> list[Topic]:
        """Return a reader's topics; a history of one article has no topics."""
        return self._of(tuple(reader.history[-ARTICLES:])) if len(reader.history) > 1 else []


def find_topics(news: pa.Table, reader: ReaderState) -> list[Topic]:
    """Return the topics of a reader's history; a history of one article has no topics."""
    return topics_of(news, reader.history) if len(reader.history) > 1 else []


def interests(reader: ReaderState, topics: Sequence[Topic]) -> list[str]:
    """Return the interests by which headlines are chosen for a reader: the parts of the reader's words, then topics.

    The words "space, quiet reads" have the parts "space" and "quiet reads".
    """
    said = [" ".join(part.split()) for part in re.split(r"[,;.\n]", reader.user["profile"])]
    return list(dict.fromkeys([*(part for part in said if part), *(topic.text for topic in topics)]))


def follow(
    reader: ReaderState, own: Profiles, follows: Follows, topics: Callable[[ReaderState], list[Topic]]
) -> Following:
    """Return the interests that a reader's page names: the reader's own words and choices, else topics of the history.

    The topics are only shown: the user tower reads the history itself.
    """
    from broadsheet.generate.extracts.topics import profile_text

    if reader.profile:
        is_own = reader.user_id in own or reader.user_id in follows
        return Following(reader.profile, "reader" if is_own else "publisher")
    text = profile_text(topics(reader))
    return Following(text, "history") if text else NOTHING
