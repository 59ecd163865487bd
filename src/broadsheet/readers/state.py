"""What a request knows of one reader, worked out once and passed to the retriever, the re-ranker and the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.readers.mutes import NO_MUTES, Mutes, muted_flags
from broadsheet.readers.reads import CODES, acts_of, reads_of
from broadsheet.tables.arrays import Integers, Vectors

AGAINST = 1 << len(CODES)
"""What is added to the code of an article's acts if the reader hid, disliked or reported it, too."""


@dataclass(frozen=True)
class ReaderState:
    """One reader as of a request."""

    user: Mapping[str, Any]
    "The reader's row of the table users: user_id, history, profile and hidden."
    history: Sequence[int]
    "Catalogue rows of the articles read that are in the catalogue, oldest first."
    muted_categories: tuple[str, ...] = ()
    muted_sources: tuple[str, ...] = ()
    person: str = ""
    "The reader's own id where `user_id` names one of several requests, as in training and benchmarks; else empty."
    reads: Vectors | None = field(default=None, compare=False)
    "What is known of the read of each article of `history`, (articles, READS), NaN where unknown; None if nothing is."

    acts: Integers | None = field(default=None, compare=False)
    "What the reader did with each article of `history`, (articles,): the sum of the codes of acts; None if unknown."

    since: float = -math.inf
    """Epoch seconds since when the reader is known: lists that were shown before were shown to a reader who is
    forgotten."""

    def as_person(self) -> ReaderState:
        """Return this reader under their own id, which is how a site's own parts know them."""
        return replace(self, user={**self.user, "user_id": self.person}) if self.person else self

    @property
    def user_id(self) -> str:
        """The reader's id."""
        user_id: str = self.user["user_id"]
        return user_id

    @property
    def own_id(self) -> str:
        """The id of the person, also where `user_id` names a request."""
        return self.person or self.user_id

    @property
    def profile(self) -> str:
        """What the reader says of their interests, without blanks around it; may be empty."""
        profile: str = self.user["profile"]
        return profile.strip()

    @property
    def kind(self) -> Literal["known", "profile", "new"]:
        """What is known: a reading history, only a profile text, or nothing."""
        if self.history:
            return "known"
        return "profile" if self.profile else "new"

    @property
    def only_spoke(self) -> bool:
        """Whether the reader has said what to read about, and has read nothing."""
        return self.kind == "profile"

    @property
    def has_mutes(self) -> bool:
        """Whether the reader muted anything."""
        return bool(self.muted_categories or self.muted_sources)

    def mutes(self, news: pa.Table) -> npt.NDArray[np.bool_]:
        """Return for each article of a news table, or of its columns category and source, whether it is muted."""
        return muted_flags(self.muted_categories, self.muted_sources, news)


def reader_state(
    user: Mapping[str, Any],
    catalogue: Catalogue,
    mutes: Mutes = NO_MUTES,
    reads: Vectors | None = None,
    acts: Integers | None = None,
) -> ReaderState:
    """Return the state of a reader, given as a row of the table users.

    `reads` is what is known of the reads of `history`, (articles, READS), and `acts` of the acts, (articles,); articles
    that the catalogue does not have are left out of all three.
    """
    history, (categories, sources) = catalogue.rows(user["history"]), mutes.of(user["user_id"])
    if len(history) < len(user["history"]):
        there = [news_id in catalogue.row_of for news_id in user["history"]]
        reads = None if reads is None else reads[there]
        acts = None if acts is None else acts[there]
    if against := set(catalogue.rows(user["hidden"])).intersection(history):
        done = np.zeros(len(history), np.int64) if acts is None else acts
        acts = done | np.where(np.isin(history, [*against]), AGAINST, 0)
    return ReaderState(user, history, tuple(categories), tuple(sources), reads=reads, acts=acts)


def reader_states(users: pa.Table, catalogue: Catalogue, mutes: Mutes = NO_MUTES) -> list[ReaderState]:
    """Return the states of the readers in a table users, in its order."""
    rows = users.drop_columns(["reads", "acts"]).to_pylist()
    known = zip(rows, reads_of(users), acts_of(users), strict=True)
    return [reader_state(user, catalogue, mutes, reads, acts) for user, reads, acts in known]
