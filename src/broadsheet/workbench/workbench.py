"""The workbench: the stages of one edition, put together from its data and the newsroom's models.

The nightly build, requests, trainings and benchmarks all take their stages from here, so that they run the same code.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from broadsheet.config.filters import FiltersConfig
from broadsheet.corpus.filters import ArticleValues, Selection, select_articles
from broadsheet.errors import ConfigError, InputError, ModelError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.clock import read_clock
from broadsheet.own_parts import OwnParts
from broadsheet.own_parts.parts import differing_parts
from broadsheet.readers.history_weights import history_weights
from broadsheet.readers.mutes import NO_MUTES, Mutes
from broadsheet.readers.state import ReaderState, reader_states
from broadsheet.workbench.data import EditionData, Readers, VectorModel
from broadsheet.workbench.languages import as_settings_say, from_manifest
from broadsheet.workbench.models import EditionModels

if TYPE_CHECKING:
    from broadsheet.index_build import SearchIndex, ShardedIndex
    from broadsheet.rerank import Policy, Reranker
    from broadsheet.rerank.cross_encoder.model import Score
    from broadsheet.retrieval import Retriever
    from broadsheet.retrieval.sources.logs import NowLogs
    from broadsheet.retrieval.sources.two_tower import Search


log = logging.getLogger(__name__)


class Workbench:
    """The stages of one edition of a newsroom."""

    def __init__(
        self, data: EditionData, models: EditionModels, *, search: Search | None = None, logs: NowLogs | None = None
    ) -> None:
        """Take data and models; `search` replaces the edition's index, `logs` the clicks and showings of `data`."""
        self.data, self.models = data, models
        self._search, self._logs = search, logs

    def over(self, data: EditionData, search: Search | None = None, logs: NowLogs | None = None) -> Workbench:
        """Return a workbench over other data of the edition, made by `dataclasses.replace(self.data, …)`.

        It shares the models, and the index unless `search` replaces it. It shares the logs if `data` has the very same
        clicks and showings, unless `logs` replaces them. Everything else is made again from `data`.
        """
        if logs is None and data.click_log is not None and data.showings is not None:  # else both are read again
            same = data.click_log is self.data.clicks and data.showings is self.data.exposures
            logs = self.logs if same else None
        return Workbench(data, self.models, search=self.search if search is None else search, logs=logs)

    def under(self, models: EditionModels) -> Workbench:
        """Return a workbench of the same data under other settings, with models made by `EditionModels.under`.

        It shares the data, the index and the logs, and of the stages what the settings do not touch.
        """
        other = Workbench(self.data, models, search=self.search, logs=self.logs)
        ours, theirs = self.models.config, models.config
        if theirs.filters == ours.filters:
            vars(other)["selection"] = self.selection
        ages = [(one.rerank.half_life_hours, one.rerank.half_life_hours_by_category) for one in (ours, theirs)]
        if theirs.retrieval == ours.retrieval and ages[0] == ages[1]:
            vars(other)["retriever"] = self.retriever
        return other

    def open(self) -> None:
        """Open everything that a request needs, so that no request waits for it and no two threads load it twice."""
        opened = self.data.catalogue, self.data.readers.audience, self.retriever, self.reranker, self.models.writer
        del opened

    def readers(self, users: pa.Table, mutes: Mutes = NO_MUTES) -> list[ReaderState]:
        """Return the state of each reader of a table users, in its order, with the reader's entries of `mutes`."""
        return reader_states(users, self.data.catalogue, mutes)

    @cached_property
    def index(self) -> SearchIndex | ShardedIndex:
        """The edition's FAISS index; several shards are searched as one index."""
        from broadsheet.index_build import open_index

        edition, ids = self.data.edition, self.data.catalogue.news.column("news_id")
        return open_index(edition.index, edition.index_rows, news_ids=ids, model=self.data.model.fingerprint)

    @cached_property
    def search(self) -> Search:
        """The function that finds the articles nearest to a vector: the edition's index unless `search` was given."""
        return self.index if self._search is None else self._search

    @cached_property
    def logs(self) -> NowLogs:
        """Returns the clicks and showings that count, as they are when it is called."""
        from broadsheet.retrieval.sources.logs import Logs

        if self._logs is not None:
            return self._logs
        logs = Logs(self.data.clicks, self.data.exposures)
        return lambda: logs

    @cached_property
    def retriever(self) -> Retriever:
        """The user tower and the candidate search."""
        return self.make_retriever(self.models.source_weights)

    def make_retriever(self, weights: Mapping[str, float], *, quotas: bool = True) -> Retriever:
        """Return a retriever with other weights of the candidate sources; a source without a weight is not used.

        Without `quotas` only the weights decide, and a source may be without any place.
        """
        from broadsheet.retrieval import Retriever

        settings, tower = self.models.config, self.models.user_tower
        return Retriever(
            *(self.data.catalogue, self.search, self.models.news_tower.queries, tower),
            k=settings.retrieval.candidates,
            half_life_hours=settings.rerank.half_life_hours,
            half_life_hours_by_category=settings.rerank.half_life_hours_by_category,
            logs=self.logs,
            weights=weights,
            quotas=vars(settings.retrieval.quotas) if quotas else None,
            own=self.models.own,
            history_weights=history_weights(settings.acts),
        )

    @cached_property
    def _values(self) -> ArticleValues:
        return ArticleValues(self.data.catalogue.news)

    @cached_property
    def selection(self) -> Selection | None:
        """What the newsroom's own filters say of the articles; None without filters.

        Raises ConfigError if they name a column that no article has.
        """
        filters = self.models.config.filters
        try:
            return select_articles(self._values, [filters]) if filters != FiltersConfig() else None
        except InputError as error:
            raise ConfigError(f"{self.data.newsroom.config_file}: {error}") from error

    def select(self, filters: FiltersConfig | None) -> Selection | None:
        """Return what the newsroom's own filters and those of a request say; raises InputError as they do."""
        if filters is None or filters == FiltersConfig():
            return self.selection
        own = [self.models.config.filters] if self.selection is not None else []
        return select_articles(self._values, [*own, filters])

    @cached_property
    def policy(self) -> Policy:
        """The settings that order scored candidates: diversity, calibration, caps and floor."""
        from broadsheet.rerank import Policy
        from broadsheet.rerank.policy.filters import PLACES

        settings = self.models.config.rerank
        weights = {name: getattr(settings, name) for name in ("diversity", "calibration", "small_sources")}
        return Policy(**weights, **vars(settings.caps), newest=settings.newest_places / PLACES, once=True)

    @cached_property
    def reranker(self) -> Reranker:
        """The re-ranker: signals, fusion, policy and reasons, at the depth of the settings."""
        return self.make_reranker(self.models.config.rerank.depth)

    def make_reranker(
        self,
        depth: int,
        score: Score | None = None,
        *,
        reads: int | None = None,
        learned: bool = True,
        policy: Policy | None = None,
    ) -> Reranker:
        """Return a re-ranker of another depth or policy, or with the scorer `score` instead of the cross-encoder.

        `reads` replaces the number of candidates that the cross-encoder reads. Without `learned` it fuses signals by
        the weights, even if the newsroom has a learned fusion.
        """
        from broadsheet.rerank import Reranker

        settings = self.models.config
        return Reranker(
            self.data.catalogue,
            score or self.models.scorer,
            depth=depth,
            reads=settings.rerank.cross_encoder_reads if reads is None else reads,
            history=settings.retrieval.history,
            headlines=settings.rerank.headlines,
            policy=policy or self.policy,
            weights=vars(settings.rerank.weights),
            fusion=self.models.fusion if learned else None,
            attention=self.models.attention if self.models.is_read("attention") else None,
            own=self.models.own,
            history_weights=history_weights(settings.acts),
            language=settings.page.language,
            encode=self.models.news_tower.queries,
        )


def open_workbench(
    models: EditionModels, edition: Edition, as_of: datetime | None = None, *, looks_back: bool = False
) -> Workbench:
    """Return the workbench of an edition, whose files may still have to be written, with the given models.

    Without `as_of` the edition's clock is used. With `looks_back`, requests of any time can be made, as training and
    benchmarks do. Raises ModelError if the news tower cannot be loaded.
    """
    if as_of is None:
        as_of = read_clock(models.config.clock, edition.news, edition.clicks)
    model = VectorModel(models.news_tower.fingerprint, models.news_tower.dim)
    readers, acts = Readers(models.newsroom), models.config.acts
    return Workbench(EditionData(readers, edition, model, as_of, looks_back, acts), models)


def open_current(newsroom: Newsroom, own: OwnParts | None = None) -> Workbench:
    """Return the workbench of a newsroom's current edition.

    `own` are parts of the site's own beside those that the config names. A warning says where the edition was built
    with other parts.

    Raises NewsroomError if no edition is published, ModelError if the edition was built with another model than the
    config names, ContractError if a table of the edition is not as it was built.
    """
    newsroom.require()
    edition, config = newsroom.current(), newsroom.config()
    edition.require_whole()
    reads = as_settings_say(newsroom, config, from_manifest(edition.read_manifest()))
    models = EditionModels(newsroom, config, own or OwnParts(), reads)
    bench = open_workbench(models, edition)
    built_with, fingerprint = edition.read_manifest()["models"], bench.data.model.fingerprint
    if built_with["news_tower"] != fingerprint:
        raise ModelError(
            f"{newsroom.path}: edition {edition.name} was built with {built_with['encoder']!r} "
            f"(vectors {built_with['news_tower']}), but broadsheet.toml names {models.encoder!r} "
            f"(vectors {fingerprint}) with towers {models.towers or 'untrained'}. "
            f"Run `broadsheet build {newsroom.path}`, or name the former model, prefixes, towers and `enrich_titles`."
        )
    if differing := differing_parts(edition.read_manifest().get("own_parts", {}), models.own.described()):
        log.warning("%s: edition %s was built %s. Build again.", newsroom.path, edition.name, differing)
    return bench
