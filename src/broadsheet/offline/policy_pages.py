"""The pages of a newsroom's log, with the probabilities that another policy would have given them.

Each page is ranked again as of its moment, by the settings of the policy: what readers did before the page counts, and
nothing later. The articles, models, mutes and readers' own words are as they are today.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.arms import EXPECTED, unchangeable, with_settings
from broadsheet.errors import ConfigError, InputError
from broadsheet.live.events.acts import since
from broadsheet.live.events.store import EventStore, open_events
from broadsheet.live.in_force import in_force
from broadsheet.newsroom import Newsroom
from broadsheet.offline.estimators import Pages
from broadsheet.offline.estimators.tables import number_ids
from broadsheet.offline.logged_pages import LoggedPage, read_pages
from broadsheet.progress import track
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.exploring import click_rates_of, exploration_of
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import Workbench, open_current

if TYPE_CHECKING:
    from broadsheet.rerank.explored import Asker

_MILLISECOND, _SECOND = timedelta(milliseconds=1), timedelta(seconds=1)


def read_policy(path: Path) -> dict[str, Any]:
    """Return the settings of a policy: a file of TOML with settings of broadsheet.toml that a request reads.

    Raises ConfigError if it cannot be read, or names a setting that needs another build or other models.
    """
    try:
        settings = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file, expected settings such as [exploration] or [rerank.weights]."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not readable as TOML ({error}). Mend it.") from error
    if wrong := unchangeable(settings):
        raise ConfigError(f"{path}: found {', '.join(wrong)}, which no request can change. {EXPECTED}.")
    return settings


def pages_under(newsroom: Newsroom, settings: Mapping[str, Any]) -> tuple[Pages, list[str]]:
    """Return the logged pages with their probabilities under some settings, and remarks on the log.

    `settings` has the shape of broadsheet.toml, and says what differs from the newsroom's own. Raises ConfigError for
    settings that are not accepted, InputError if no page with probabilities was logged, and what opening the newsroom
    and its event store raises.
    """
    bench = open_current(newsroom)
    config = with_settings(bench.models.config, settings)
    store = open_events(newsroom, config)
    try:
        pages, without = read_pages(newsroom, store)
        if not pages:
            raise InputError(
                f"{newsroom.path}: found no page with probabilities among its events ({without:,} without), expected "
                "pages that were logged by `pipeline.log(page.event())`, with a policy in [exploration]."
            )
        data = replace(bench.data, looks_back=True)
        before = _Before(store)
        bench = bench.over(data, logs=in_force(before, data, every=0)).under(bench.models.under(config))
        asked = _Asked(bench, store, before)
        found = [asked(page) for page in track(pages, "Asking for pages", total=len(pages))]
    finally:
        store.close()
    remarks = [] if not without else [f"{without:,} further pages were logged without probabilities, and are left out."]
    return _as_pages(pages, found), remarks


class _Before:
    """The events of a store up to a number, which only rises."""

    def __init__(self, store: EventStore) -> None:
        self._store, self.number = store, 0

    def after(self, sequence: int) -> pa.Table:
        """Return the events with a higher number than `sequence`, up to the number."""
        events = self._store.after(sequence, max(self.number - sequence, 1))
        return events.filter(pc.less_equal(events.column("sequence"), self.number))

    def last(self) -> int:
        """Return the number."""
        return self.number

    def pages(self, page_ids: Sequence[str]) -> pa.Table:
        """Return pages by their page_ids."""
        return self._store.pages(page_ids)

    def with_ids(self, event_ids: Sequence[str]) -> pa.Table:
        """Return events by their event_ids."""
        return self._store.with_ids(event_ids)

    def of_readers(self, user_ids: Sequence[str]) -> pa.Table:
        """Return the acts of readers."""
        return self._store.of_readers(user_ids)


class _Asked:
    """Says how probable each slot of a logged page is under the settings of a workbench."""

    def __init__(self, bench: Workbench, store: EventStore, before: _Before) -> None:
        self._bench, self._store, self._before = bench, store, before
        self._exploration = exploration_of(bench.models.config.exploration)
        self._held = bench.data.readers.audience.held
        self._mutes = bench.data.readers.mutes()
        self._events: dict[str, list[dict[str, Any]]] = {}

    def __call__(self, page: LoggedPage) -> tuple[Floats, Floats]:
        """Return the marginal and the conditional probability of each slot, (slots,) each."""
        self._before.number = page.sequence - 1
        as_of, bench = self._moment(page), self._bench
        reader = self._reader(page, as_of)
        asker = self._asker(page, reader, as_of)
        rank(bench, [reader], as_of, len(page.shown), explorer=asker)
        nothing = np.zeros(len(page.shown))
        return asker.found.get(reader.user_id, (nothing, nothing))

    def _moment(self, page: LoggedPage) -> datetime:
        """Return the time that counted as now when the page was made; see `live_workbench.request_time`."""
        is_archive = self._bench.models.config.clock == "latest"
        moment = self._bench.data.as_of if is_archive else page.time.replace(second=0, microsecond=0)
        if page.earlier is None:
            return moment
        return max(moment, page.earlier + (_SECOND if is_archive else _MILLISECOND))

    def _reader(self, page: LoggedPage, as_of: datetime) -> ReaderState:
        """Return the page's reader with what the reader did before it."""
        user_id = page.user_id
        if user_id not in self._events:
            self._events[user_id] = self._store.of_readers([user_id]).to_pylist() if user_id else []
        events = self._events[user_id]
        did = since(
            [one for one in events if one["sequence"] <= self._held],
            [one for one in events if one["sequence"] < page.sequence],
        )
        users = self._bench.data.readers.audience.state([user_id], as_of, did)
        return self._bench.readers(users, self._mutes)[0]

    def _asker(self, page: LoggedPage, reader: ReaderState, as_of: datetime) -> Asker:
        from broadsheet.rerank.explored import Asker, Explorer

        exploration, row_of = self._exploration, self._bench.data.catalogue.row_of
        rates = click_rates_of(self._bench, as_of) if exploration.policy == "thompson" else None
        budgets = {reader.user_id: exploration.budget(0)}
        explorer = Explorer(exploration, as_of.timestamp(), len(page.shown), {}, budgets, rates)
        return Asker(explorer, {reader.user_id: [row_of.get(news_id, -1) for news_id in page.shown]})


def _as_pages(pages: Sequence[LoggedPage], found: Sequence[tuple[Floats, Floats]]) -> Pages:
    """Return pages and probabilities as arrays, (pages, slots); a page of an unknown reader has a reader of its own."""
    shape = len(pages), max(len(page.shown) for page in pages)
    present = np.zeros(shape, np.bool_)
    reward, propensity, conditional, evaluation, evaluation_conditional = (np.zeros(shape) for _ in range(5))
    for row, (page, (marginal, given)) in enumerate(zip(pages, found, strict=True)):
        slots = slice(0, len(page.shown))
        present[row, slots], reward[row, slots] = True, page.clicked
        propensity[row, slots], conditional[row, slots] = page.propensity, page.conditional
        evaluation[row, slots], evaluation_conditional[row, slots] = marginal, given
    readers, _ = number_ids([page.user_id or ("", page.page_id) for page in pages])
    return Pages(reward, propensity, conditional, evaluation, evaluation_conditional, present, readers)
