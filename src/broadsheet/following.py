"""What a reader follows: found in the history, and written by the reader, in every process from its next request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from broadsheet.audience import open_audience, read_clock
from broadsheet.corpus.rows import SkipRow, checked_id
from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.profiles import NOTHING, Following, Profiles, ProfilesFile
from broadsheet.schemas import NEWS, PROFILES
from broadsheet.tables import from_rows, read_table, write_table

if TYPE_CHECKING:
    from broadsheet.generate.profile import Topic

CHARACTERS = 500
"""Most characters of a reader's own words; the news tower reads no more than its first words anyway."""
ARTICLES = 100
"""Newest articles of a history that are read for topics."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of a text, and halves of characters."""


@dataclass(frozen=True)
class Interests:
    """What is known of a reader's interests."""

    topics: list[Topic]
    "Found in the history."
    read: int
    "How many articles of the history are in the corpus; of more than ARTICLES the newest are read for topics."
    following: Following
    "What the reader's page follows."


def set_profile(newsroom: Newsroom, user_id: str, text: str) -> str:
    """Keep a reader's own words on their interests in place of those before; on the disk when the call returns.

    They count before the profile of the users table. Returns them as they are kept, blanks made single. Raises
    NewsroomError if there is no newsroom, InputError for an id or a text that cannot be one, ContractError if the table
    is damaged.
    """
    words = " ".join(text.split())
    if _CONTROL.search(words):
        raise InputError("profile: found a control character, expected plain text. Nothing was changed.")
    if not words or len(words) > CHARACTERS:
        raise InputError(f"profile: found {len(words):,} characters, expected 1 to {CHARACTERS}. Nothing was changed.")
    _change(newsroom, user_id, words)
    return words


def clear_profile(newsroom: Newsroom, user_id: str) -> None:
    """Remove a reader's own words, if there are any, so that the users table's count again; raises as set_profile."""
    _change(newsroom, user_id, "")


def interests_of(newsroom: Newsroom, user_id: str) -> Interests:
    """Return what is known of a reader as of the newsroom's clock; of one who is not known, nothing.

    Raises NewsroomError if there is no newsroom, ContractError if a table is damaged.
    """
    newsroom.require()
    own = ProfilesFile(newsroom.profiles)
    as_of = read_clock(newsroom.config().clock, newsroom.news, newsroom.clicks)
    (user,) = open_audience(newsroom.users, newsroom.clicks, own).state([user_id], as_of).to_pylist()
    news = read_table(newsroom.news, NEWS)
    rows = pc.index_in(pa.array(user["history"], pa.string()), value_set=news.column("news_id").combine_chunks())
    known = np.asarray(rows.drop_null().to_numpy(), np.int64).tolist()
    return Interests(topics_of(news, known), len(known), follow(user, own(), news, known))


def topics_of(news: pa.Table, rows: Sequence[int]) -> list[Topic]:
    """Return the topics of a history, given as rows of a news table, oldest first."""
    from broadsheet.generate.profile import COLUMNS, topics

    articles = news.select(list(COLUMNS)).take(pa.array(rows[-ARTICLES:], pa.int64()))
    return topics(articles.to_pylist())


def interests(user: Mapping[str, Any], news: pa.Table, rows: Sequence[int]) -> list[str]:
    """Return what a headline can be chosen by for a reader: what the reader says, part by part, and the topics."""
    said = [" ".join(part.split()) for part in re.split(r"[,;.\n]", user["profile"])]
    found = topics_of(news, rows) if len(rows) > 1 else []
    return list(dict.fromkeys([*(part for part in said if part), *(topic.text for topic in found)]))


def follow(user: Mapping[str, Any], own: Profiles, news: pa.Table, rows: Sequence[int]) -> Following:
    """Return what the page of a reader, a row of the table users, follows; `rows` are the articles read.

    Topics of the history are for show: they say nothing to the user tower that the history does not say.
    """
    from broadsheet.generate.profile import profile_text

    if user["profile"].strip():
        return Following(user["profile"].strip(), "reader" if user["user_id"] in own else "publisher")
    text = profile_text(topics_of(news, rows)) if len(rows) > 1 else ""
    return Following(text, "history") if text else NOTHING


def _change(newsroom: Newsroom, user_id: str, words: str) -> None:
    newsroom.require()
    try:
        checked_id(user_id)
    except SkipRow as reason:
        raise InputError(f"user: {reason}, expected the id of a reader. Nothing was changed.") from reason
    newsroom.profiles.parent.mkdir(exist_ok=True)
    with FileLock(newsroom.profiles.with_name(".lock")):  # not the newsroom's, which a build holds for long
        if ProfilesFile(newsroom.profiles)().of(user_id) == words:
            return
        table = read_table(newsroom.profiles, PROFILES) if newsroom.profiles.is_file() else PROFILES.empty_table()
        others = table.filter(pc.not_equal(table.column("user_id"), user_id))
        own = [{"user_id": user_id, "profile": words, "time": datetime.now(UTC)}] if words else []
        write_table(newsroom.profiles, pa.concat_tables([others, from_rows(own, PROFILES)]), PROFILES)
