"""What an edition holds, by catalogue row: articles, clicks and showings, and what its readers read, hide and say.

A variant, such as the same edition with an article more, is another object, made by `dataclasses.replace`: it begins
with nothing worked out, so what depends on the changed field is worked out again and nothing stale is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue, make_catalogue
from broadsheet.corpus.click_log import ClickLog, read_click_log
from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, Exposures, read_exposures
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.readers.audience import Audience, open_audience
from broadsheet.readers.mutes import Mutes, open_mutes
from broadsheet.readers.own_table import OwnTable
from broadsheet.readers.profiles import Profiles, open_profiles
from broadsheet.tables.arrow_files import empty, read_table
from broadsheet.tables.schemas import CLICKS, NEWS, news_vectors


class VectorModel(NamedTuple):
    """The model that made an edition's article vectors."""

    fingerprint: str
    dim: int


@dataclass(frozen=True, eq=False)
class Readers:
    """The readers of a newsroom, as of each call, whatever the edition."""

    newsroom: Newsroom

    @cached_property
    def audience(self) -> Audience:
        """The newsroom's readers, with what they say themselves as of each call."""
        return open_audience(self.newsroom.users, self.newsroom.clicks, self.profiles)

    @cached_property
    def profiles(self) -> OwnTable[Profiles]:
        """What the newsroom's readers say of their interests, as of each call."""
        return open_profiles(self.newsroom.profiles)

    @cached_property
    def mutes(self) -> OwnTable[Mutes]:
        """What the newsroom's readers do not want to see, as of each call."""
        return open_mutes(self.newsroom.mutes)


@dataclass(frozen=True, eq=False)
class EditionData:
    """The data of one edition; each table is read when first asked for."""

    readers: Readers
    edition: Edition
    model: VectorModel
    as_of: datetime
    "The moment that counts as now: the edition's, or that of an archive."
    looks_back: bool = False
    "Whether requests of any time are made, as by training and benchmarks, and not only from now on."
    articles: Catalogue | None = None
    "In place of the articles in the edition's files."
    click_log: ClickLog | None = None
    "In place of the clicks in the edition's file; its rows are those of `catalogue`."
    showings: Exposures | None = None
    "In place of what the newsroom's impressions showed; its rows are those of `catalogue`."

    @property
    def newsroom(self) -> Newsroom:
        """The newsroom that the edition belongs to."""
        return self.readers.newsroom

    @cached_property
    def catalogue(self) -> Catalogue:
        """The articles with their vectors; raises ContractError if another model made the edition's vectors."""
        if self.articles is not None:
            return self.articles
        return make_catalogue(read_table(self.edition.news, NEWS), self.vectors)

    @cached_property
    def vectors(self) -> pa.Table:
        """Table news_vectors of the edition; raises ContractError if another model made it."""
        return read_table(self.edition.news_vectors, news_vectors(self.model.dim), model=self.model.fingerprint)

    @cached_property
    def clicks(self) -> ClickLog:
        """The click log."""
        if self.click_log is not None:
            return self.click_log
        path = self.edition.clicks
        return read_click_log(read_table(path, CLICKS) if path.is_file() else empty(CLICKS), self.catalogue)

    @cached_property
    def exposures(self) -> Exposures:
        """What impressions of all splits showed: what click rates still count, or all where it looks back."""
        if self.showings is not None:
            return self.showings
        since = -math.inf if self.looks_back else self.as_of.timestamp() - WINDOW_HOURS * HOUR
        return read_exposures(self.newsroom.all_impressions(), self.catalogue, since)
