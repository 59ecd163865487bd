"""The examples of the benchmark of generation: articles whose title and abstract are held back as references.

A headline is compared with the publisher's title, a summary with the publisher's abstract. Writers, extracts and the
gate read only the body. An article whose body repeats its title word for word is left out; an abstract that the body
repeats word for word is not used as a reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.generate.stories import jobs
from broadsheet.generate.stories.choice import Encode
from broadsheet.generate.stories.followed_topics import LEAST
from broadsheet.generate.text.articles import source_text
from broadsheet.generate.text.words import count, fold, words
from broadsheet.importers.rows import content_hash
from broadsheet.newsroom import Newsroom
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS, USERS
from broadsheet.workbench.interests import ARTICLES, find_topics, interests, topics_of

HELD_OUT = date(2017, 3, 18)
"""From this day on the demo's articles, about a quarter of them, are held out; weights are chosen on earlier ones."""
JOBS = {"headline": jobs.HEADLINE, "summary": jobs.SUMMARY}
LEAST_WORDS = 80
"""Of a body."""
LEAST_ABSTRACT = 8
"""Words of an abstract that is a reference."""
ALIKE = 0.4
"""Inner product of two topics' vectors from which they are one interest in other words."""


@dataclass(frozen=True)
class Example:
    """An article to write about, and the publisher's title and abstract, which writers may not read."""

    article: Mapping[str, Any]
    "A row of a NEWS table, without title and abstract."
    title: str
    abstract: str
    "Empty where it is no reference."

    @property
    def news_id(self) -> str:
        """The article's id."""
        found: str = self.article["news_id"]
        return found

    @property
    def body(self) -> str:
        """The text of the article, the only part of it that writers read."""
        found: str = self.article["body"]
        return found

    def reference(self, job: str) -> str:
        """Return the reference of a headline or a summary; empty if the article has no reference."""
        return self.title if job == "headline" else self.abstract

    def lead(self, job: str) -> str:
        """Return the beginning of the article that a writer reads for a job."""
        return jobs.lead(JOBS[job], source_text(self.article))

    def prompt(self, job: str) -> str:
        """Return the prompt of a job."""
        return jobs.prompt(JOBS[job], self.article["title"], source_text(self.article))


def held_out(newsroom: Newsroom, since: date | None, until: date | None) -> list[Example]:
    """Return the articles published from `since` on and before `until`, in the order of a hash of their ids.

    Raises InputError if there is none that can be measured.
    """
    rows = read_table(newsroom.news, NEWS).to_pylist()
    rows = [row for row in rows if _is_between(row["published_at"], since, until) and _is_whole(row)]
    if not rows:
        raise InputError(
            f"articles: found none of at least {LEAST_WORDS} words published from {since or 'the first'} to "
            f"{until or 'the last'}. Name other days."
        )
    rows.sort(key=lambda row: hashlib.sha256(row["news_id"].encode()).digest())
    return [withhold(row) for row in rows]


def withhold(row: Mapping[str, Any]) -> Example:
    """Return an article of a NEWS table as an example."""
    own = count(row["abstract"]) >= LEAST_ABSTRACT and not _says(row["body"], row["abstract"])
    known = {"title": "", "abstract": "", "content_hash": content_hash("", "", row["body"], row["category"])}
    return Example(dict(row) | known, row["title"].strip(), row["abstract"].strip() if own else "")


def _is_between(published: datetime | None, since: date | None, until: date | None) -> bool:
    day = published.astimezone(UTC).date() if published else None
    return day is not None and (since is None or day >= since) and (until is None or day < until)


def _is_whole(row: Mapping[str, Any]) -> bool:
    return count(row["body"]) >= LEAST_WORDS and bool(words(row["title"])) and not _says(row["body"], row["title"])


def _says(text: str, said: str) -> bool:
    """Whether a text has the words of another in one run, whatever their capitals and punctuation."""
    found, wanted = (f" {' '.join(map(fold, words(part)))} " for part in (text, said))
    return wanted in found


def topics_of_readers(newsroom: Newsroom, before: date | None = None) -> list[str]:
    """Return what readers follow, each topic once.

    The readers are the newsroom's, and those who would have read all that was published before a day: a run of ARTICLES
    articles one after the other is the history of one.
    """
    news = read_table(newsroom.news, NEWS)
    users = read_table(newsroom.users, USERS).to_pylist() if newsroom.users.is_file() else []
    place = {news_id: row for row, news_id in enumerate(news.column("news_id").to_pylist())}
    found: dict[str, None] = {}
    for user in users:
        read = [place[news_id] for news_id in user["history"] if news_id in place]
        reader = ReaderState(user, read)
        found |= dict.fromkeys(interests(reader, find_topics(news, reader)))
    times = news.column("published_at").to_pylist() if before else []
    earlier = [row for row, published in enumerate(times) if _is_between(published, None, before)]
    earlier.sort(key=lambda row: times[row])
    for start in range(0, len(earlier), ARTICLES):
        found |= dict.fromkeys(topic.text for topic in topics_of(news, earlier[start : start + ARTICLES]))
    return list(found)


def with_two_topics(
    examples: Sequence[Example], topics: Sequence[str], encode: Encode, ask: Encode
) -> list[tuple[Example, tuple[str, str]]]:
    """Return the articles that two topics are like, in their order, with both, the nearer first.

    `encode` reads articles, `ask` topics, which are a reader's words.
    The second is the nearest that is not the first one in other words: readers of both would want one headline.
    """
    if len(topics) < 2:
        return []
    vectors = ask(topics)
    likeness, apart = encode([one.lead("headline") for one in examples]) @ vectors.T, vectors @ vectors.T < ALIKE
    found = []
    for one, values in zip(examples, likeness, strict=True):
        first = int(values.argmax())
        second = int(np.where(apart[first], values, -1).argmax())
        if apart[first, second] and min(values[first], values[second]) >= LEAST:
            found.append((one, (topics[first], topics[second])))
    return found
