"""The data of an edition: its articles, clicks and impressions, and the newsroom's readers with their own tables.

To vary an edition's data, such as to add an article, make another object with `dataclasses.replace`. The new object has
computed nothing yet, so that no value can be left from before the change.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa

from broadsheet.config.acts import ActsConfig
from broadsheet.corpus.catalogue import Catalogue, as_of_now, make_catalogue
from broadsheet.corpus.click_log import ClickLog, read_click_log
from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, Exposures, read_exposures
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.orders.book import OrderBook
from broadsheet.readers.audience import Audience, open_audience
from broadsheet.readers.follows import Follows, open_follows
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.readers.mutes import Mutes, open_mutes
from broadsheet.readers.own_table import OwnTable
from broadsheet.readers.profiles import Profiles, open_profiles
from broadsheet.readers.reads import ReadLog
from broadsheet.tables.arrow_files import empty, read_table
from broadsheet.tables.schemas import CLICKS, NEWS, news_vectors


class VectorModel(NamedTuple):
    """The model that made an edition's article vectors."""

    fingerprint: str
    dim: int


@dataclass(frozen=True, eq=False)
class Readers:
    """The readers of a newsroom, the same for every edition; each table is read anew when its file has changed."""

    newsroom: Newsroom

    @cached_property
    def audience(self) -> Audience:
        """The newsroom's readers with their histories, and with their own words of `profiles`."""
        own = self.profiles, self.follows, self.forgotten
        return open_audience(self.newsroom.users, self.newsroom.clicks, *own)

    @cached_property
    def forgotten(self) -> ForgottenReaders:
        """The readers who were forgotten."""
        return ForgottenReaders(self.newsroom)

    @cached_property
    def profiles(self) -> OwnTable[Profiles]:
        """The readers' own words on their interests."""
        return open_profiles(self.newsroom.profiles)

    @cached_property
    def follows(self) -> OwnTable[Follows]:
        """What readers follow."""
        return open_follows(self.newsroom.follows)

    @cached_property
    def orders(self) -> OrderBook:
        """What editors order of the front page."""
        return OrderBook(self.newsroom)

    @cached_property
    def mutes(self) -> OwnTable[Mutes]:
        """The categories and sources that readers do not want to see."""
        return open_mutes(self.newsroom.mutes)


@dataclass(frozen=True, eq=False)
class EditionData:
    """The data of one edition; each table is read when first asked for."""

    readers: Readers
    edition: Edition
    model: VectorModel
    as_of: datetime
    "The time that counts as now."
    looks_back: bool = False
    "Whether requests of earlier times are made too, as by training and benchmarks."
    acts: ActsConfig = field(default_factory=ActsConfig)
    "What readers' acts are worth."
    articles: Catalogue | None = None
    "Articles to use instead of the articles in the edition's files."
    click_log: ClickLog | None = None
    "Clicks to use instead of the edition's file; they name articles by their rows in `catalogue`."
    showings: Exposures | None = None
    "Showings to use instead of the newsroom's impressions; they name articles by their rows in `catalogue`."

    @property
    def newsroom(self) -> Newsroom:
        """The newsroom that the edition belongs to."""
        return self.readers.newsroom

    @cached_property
    def catalogue(self) -> Catalogue:
        """The articles with their vectors; raises ContractError if another model made the edition's vectors.

        Those whose embargo lasts, or that have expired, are not shown, unless requests of earlier times are made.
        """
        if self.articles is not None:
            return self.articles
        articles = make_catalogue(read_table(self.edition.news, NEWS), self.vectors)
        return articles if self.looks_back else as_of_now(articles, time.time())

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
        return read_click_log(read_table(path, CLICKS) if path.is_file() else empty(CLICKS), self.catalogue, self.acts)

    @cached_property
    def reads(self) -> ReadLog:
        """What is known of each read of the edition's clicks."""
        path = self.edition.clicks
        return ReadLog(read_table(path, CLICKS) if path.is_file() else empty(CLICKS))

    @cached_property
    def exposures(self) -> Exposures:
        """Showings of the impressions of all splits: of the hours that click rates count, or all to look back."""
        if self.showings is not None:
            return self.showings
        since = -math.inf if self.looks_back else self.as_of.timestamp() - WINDOW_HOURS * HOUR
        return read_exposures(self.newsroom.all_impressions(), self.catalogue, since)
