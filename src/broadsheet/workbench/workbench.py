"""Puts the stages together for one edition: opens its files and models once, each when first needed.

The nightly build, a running pipeline, the training commands and the benchmarks all take their stages from here, so that
they cannot drift apart.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.config.settings import Config
from broadsheet.corpus.catalogue import Catalogue, make_catalogue
from broadsheet.corpus.click_log import ClickLog, read_click_log
from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, Exposures, read_exposures
from broadsheet.errors import ModelError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.readers.audience import Audience, open_audience
from broadsheet.readers.mutes import Mutes, open_mutes
from broadsheet.readers.own_table import OwnTable
from broadsheet.readers.profiles import Profiles, open_profiles
from broadsheet.tables.arrow_files import empty, read_table
from broadsheet.tables.schemas import CLICKS, NEWS, news_vectors

if TYPE_CHECKING:
    from broadsheet.generate import Writer
    from broadsheet.index_build import SearchIndex, ShardedIndex
    from broadsheet.rerank import PairScorer, Policy, Reranker
    from broadsheet.rerank.cross_encoder.earlier_scores import KnownScores
    from broadsheet.rerank.cross_encoder.model import Score
    from broadsheet.rerank.learned_fusion import LearnedFusion
    from broadsheet.retrieval import Retriever
    from broadsheet.retrieval.towers.news_tower import NewsTower
    from broadsheet.retrieval.towers.user_tower import UserTower


log = logging.getLogger(__name__)


class Workbench:
    """The stages of one edition of a newsroom."""

    def __init__(self, newsroom: Newsroom, edition: Edition, config: Config, as_of: datetime) -> None:
        self.newsroom, self.edition, self.config, self.as_of = newsroom, edition, config, as_of
        self.figures: dict[str, Any] = {}
        "What the stages measured while they wrote the edition, for its manifest."
        self.looks_back = False
        "Whether it is asked for requests of any time, as training and benchmarks are, and not from now on."
        self.earlier_rankings: tuple[Path, ...] = ()
        "Tables ranked of earlier editions, whose scores of the cross-encoder are taken over; the last counts most."

    @cached_property
    def towers(self) -> Path | None:
        """The folder of trained towers: as the config names it, the newsroom's own, those shipped, or None.

        Raises ModelError if a folder is named and not whole, or trained on another encoder.
        """
        from broadsheet.retrieval.towers.trained import choose_towers

        settings = self.config.retrieval
        return choose_towers(settings.towers, self.newsroom.towers, settings.encoder)

    @cached_property
    def news_tower(self) -> NewsTower:
        """The model that makes article vectors."""
        from broadsheet.generate.extracts.key_facts import NAME, key_facts
        from broadsheet.retrieval.towers.trained import load_trained_news_tower

        settings = self.config.retrieval
        tower = load_trained_news_tower(self.towers, settings.encoder, max_tokens=settings.max_tokens)
        return tower.reading(key_facts, NAME) if settings.enrich_titles else tower

    @cached_property
    def catalogue(self) -> Catalogue:
        """The edition's articles with their vectors; raises ContractError if another model made them."""
        schema = news_vectors(self.news_tower.dim)
        vectors = read_table(self.edition.news_vectors, schema, model=self.news_tower.fingerprint)
        return make_catalogue(read_table(self.edition.news, NEWS), vectors)

    @cached_property
    def audience(self) -> Audience:
        """The newsroom's readers, with what they say themselves as of each call."""
        return open_audience(self.newsroom.users, self.newsroom.clicks, self.profiles)

    @cached_property
    def profiles(self) -> OwnTable[Profiles]:
        """What the newsroom's readers say of their interests, as of each call."""
        return open_profiles(self.newsroom.profiles)

    @cached_property
    def index(self) -> SearchIndex | ShardedIndex:
        """The edition's FAISS index, or its shards as one."""
        from broadsheet.index_build import open_index

        ids = self.catalogue.news.column("news_id")
        return open_index(self.edition.index, self.edition.index_rows, news_ids=ids, model=self.news_tower.fingerprint)

    @cached_property
    def mutes(self) -> OwnTable[Mutes]:
        """What the newsroom's readers do not want to see, as of each call."""
        return open_mutes(self.newsroom.mutes)

    @cached_property
    def clicks(self) -> ClickLog:
        """The edition's click log."""
        path = self.edition.clicks
        return read_click_log(read_table(path, CLICKS) if path.is_file() else empty(CLICKS), self.catalogue)

    @cached_property
    def user_tower(self) -> UserTower:
        """The model that makes user vectors."""
        from broadsheet.retrieval.towers.trained import load_user_tower

        settings = self.config.retrieval
        return load_user_tower(self.towers, settings.encoder, self.news_tower.dim, history=settings.history)

    @cached_property
    def source_weights(self) -> dict[str, float]:
        """The weights of the candidate sources: the config's, else those tuned with the towers, else the defaults."""
        from broadsheet.retrieval.towers.trained import SOURCE_WEIGHTS
        from broadsheet.workbench.source_weights import choose_weights

        configured = self.config.retrieval.weights
        if self.towers is None:
            return dict(vars(configured))
        return choose_weights(configured, self.towers / SOURCE_WEIGHTS)

    @cached_property
    def retriever(self) -> Retriever:
        """The user tower and the candidate search."""
        return self.make_retriever()

    @cached_property
    def exposures(self) -> Exposures:
        """What impressions of all splits showed: what click rates still count, or all where it looks back."""
        since = -math.inf if self.looks_back else self.as_of.timestamp() - WINDOW_HOURS * HOUR
        return read_exposures(self.newsroom.all_impressions(), self.catalogue, since)

    def make_retriever(
        self,
        *,
        weights: Mapping[str, float] | None = None,
        clicks: ClickLog | None = None,
        exposures: Exposures | None = None,
    ) -> Retriever:
        """Return a retriever with other weights of the sources, click log or exposures, sharing its models.

        A source that `weights` does not name is off.
        """
        from broadsheet.retrieval import Retriever

        return Retriever(
            self.catalogue,
            self.index,
            self.news_tower,
            self.user_tower,
            k=self.config.retrieval.candidates,
            half_life_hours=self.config.rerank.half_life_hours,
            half_life_hours_by_category=self.config.rerank.half_life_hours_by_category,
            clicks=self.clicks if clicks is None else clicks,
            weights=self.source_weights if weights is None else weights,
            exposures=self.exposures if exposures is None else exposures,
        )

    @cached_property
    def cross_encoder(self) -> PairScorer | None:
        """The newsroom's own trained cross-encoder, else the one shipped with the package, else None.

        Raises ModelError if there is no such base model, or the newsroom's own is not whole or was trained on another.
        """
        from broadsheet.models import loading as models
        from broadsheet.rerank.cross_encoder.trained import load_cross_encoder, shipped_adapter

        settings = self.config.rerank
        own = self.newsroom.reranker
        if own.is_dir():
            return load_cross_encoder(own, settings.encoder, max_tokens=settings.max_tokens)
        models.fingerprint(settings.encoder)  # no base model at all is an error; another than the adapter's is not
        try:
            return load_cross_encoder(shipped_adapter(), settings.encoder, max_tokens=settings.max_tokens)
        except ModelError as error:
            log.warning("No trained cross-encoder fits, so relevance is absent from the ranking: %s", error)
            return None

    @cached_property
    def fusion(self) -> LearnedFusion | None:
        """The newsroom's own learned fusion of signals, or None; raises ModelError if it is damaged."""
        from broadsheet.rerank.learned_fusion import load_fusion

        return load_fusion(self.newsroom.fusion) if self.newsroom.fusion.is_dir() else None

    @cached_property
    def policy(self) -> Policy:
        """How the scored candidates are arranged."""
        from broadsheet.rerank import Policy

        settings = self.config.rerank
        weights = {name: getattr(settings, name) for name in ("diversity", "calibration", "small_sources")}
        return Policy(**weights, **vars(settings.caps))

    @cached_property
    def reranker(self) -> Reranker:
        """Signals, fusion, policy and reasons."""
        return self.make_reranker(self.config.rerank.depth)

    def make_reranker(self, depth: int, score: Score | None = None) -> Reranker:
        """Return the re-ranker at another depth, sharing its models, or with another scorer than the cross-encoder."""
        from broadsheet.rerank import Reranker

        settings = self.config.rerank
        return Reranker(
            self.catalogue,
            score or self.cross_encoder,
            depth=depth,
            history=self.config.retrieval.history,
            headlines=settings.headlines,
            policy=self.policy,
            weights=vars(settings.weights),
            fusion=self.fusion,
        )

    @cached_property
    def known_scores(self) -> KnownScores:
        """The scores of `earlier_rankings` that this process would make."""
        return self.known_scores_in(self.cross_encoder.arithmetic if self.cross_encoder else "")

    def known_scores_in(self, arithmetic: str) -> KnownScores:
        """Return the scores of `earlier_rankings` that this cross-encoder made in an arithmetic: device and dtype."""
        from broadsheet.rerank.cross_encoder.earlier_scores import open_known_scores

        model = self.cross_encoder.fingerprint if self.cross_encoder else ""
        return open_known_scores(self.earlier_rankings if model else (), model=model, arithmetic=arithmetic)

    @cached_property
    def writer(self) -> Writer | None:
        """The language model that the config names, here or at an endpoint; None for the publisher's own words."""
        from broadsheet.generate import open_writer

        return open_writer(self.config.generate, self.newsroom.writer)
