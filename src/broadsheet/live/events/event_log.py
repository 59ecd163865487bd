"""Logging events: what is known of their pages, articles and readers is checked, and what can be taken is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from typing import Any, cast

from broadsheet.errors import InputError
from broadsheet.live.events.checks import checked_event, found, left_out
from broadsheet.live.events.known import PAGES, RATES, KnownArticles, KnownPage, Recent
from broadsheet.live.events.limits import MOST_IN_A_MINUTE
from broadsheet.live.events.places import Event, check_page, check_place, check_undo, page_of
from broadsheet.live.events.report import LogReport
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom.given import given_rows, shown
from broadsheet.readers.forgotten import Forgotten, no_forgotten
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow

AT_ONCE = 1000
"""Events of a long stream that are kept in one call of the store."""
FORGOTTEN = "of a reader who was forgotten since"
TOO_MANY = f"more than {MOST_IN_A_MINUTE} events of a reader in a minute"

Rates = dict[tuple[str, str, int], tuple[int, list[str]]]
"""Events of a reader, or on an unknown reader's page, in a minute: their number before this call, their ids in it."""


class EventLog:
    """Takes events for a newsroom; safe to share between threads."""

    def __init__(
        self,
        store: EventStore,
        articles: KnownArticles,
        *,
        is_archive: bool = False,
        forgotten: Callable[[], Forgotten] = no_forgotten,
    ) -> None:
        """`articles` says which articles there are; events of an archive have any age, those forgotten are refused."""
        self._store, self._articles, self._is_archive, self._forgotten = store, articles, is_archive, forgotten
        self._pages, self._rates = Recent[KnownPage](PAGES), Recent[int](RATES)

    def __call__(self, rows: Iterable[object], report: LogReport | None = None) -> LogReport:
        """Keep the events that can be taken, and return the account; what it names as taken is on the disk.

        Events are taken in groups of AT_ONCE. Inside a group a page may stand behind what happened on it. A `report`
        that is given is added to, group by group.
        """
        report = LogReport() if report is None else report
        rows = iter(rows)
        while group := list(islice(rows, AT_ONCE)):
            self._log(group, report)
        return report

    def _log(self, rows: Sequence[object], report: LogReport) -> None:
        rates: Rates = {}
        given = list(_checked(rows, self._is_archive, report, self._forgotten()))
        events = self._taken(given, rates, cache(partial(self._sent_before, given)), report)
        if not events:
            return
        answer = self._store.append(events)
        report.repeated += answer.repeated
        if answer.repeated:
            events = self._without_clashes(events, report)
        report.taken.update(event["kind"] for event in events)
        times = [event["time"] for event in events]
        report.first = min([*times, *([report.first] if report.first else [])], default=None)
        report.last = max([*times, *([report.last] if report.last else [])], default=None)
        for event in reversed(events):  # of a page that is there twice the first is kept
            if event["kind"] == "page":
                self._pages.set(event["page_id"], page_of(event))
        if answer.repeated < len(events):  # events that were all sent before have counted already
            for key, (_, ids) in rates.items():
                self._rates.set(key, len(ids) + (self._rates.get(key) or 0))

    def _without_clashes(self, events: list[Event], report: LogReport) -> list[Event]:
        """Return the events without pages that the store did not keep since another has their id; refuse these."""
        pages = {event["page_id"] for event in events if event["kind"] == "page"}
        there = self._store.pages(sorted(pages)).select(["page_id", "event_id"]).to_pylist() if pages else []
        event_of, kept = {row["page_id"]: row["event_id"] for row in there}, list[Event]()
        for event in events:
            if event["kind"] == "page" and event_of.get(event["page_id"]) != event["event_id"]:
                name = "page_id" if event["page_id"] in event_of else "event_id"
                report.refuse(SkipRow(f"a page whose {name} is taken", f"found {found(event[name])}"))
                report.repeated -= 1
            else:
                kept.append(event)
        return kept

    def _sent_before(self, events: Sequence[Event]) -> set[str]:
        """Return the ids of the events that the store has already."""
        found: list[str] = self._store.with_ids([event["event_id"] for event in events])["event_id"].to_pylist()
        return set(found)

    def _taken(
        self, events: list[Event], rates: Rates, sent_before: Callable[[], set[str]], report: LogReport
    ) -> list[Event]:
        """Return the events that can be kept: pages first, and what undoes others last; count them in `rates`."""
        pages = [event for event in events if event["kind"] == "page"]
        undos = [event for event in events if event["kind"] == "undo"]
        acts = [event for event in events if event["kind"] not in ("page", "undo")] if pages or undos else events
        taken: list[Event] = []
        unknown = self._articles.unknown(news_id for page in pages for news_id in page["shown"])

        def take(these: list[Event], check: Callable[[Event], None]) -> None:
            for event in these:
                try:
                    check(event)
                    self._check_rate(event, rates, sent_before)
                except SkipRow as reason:
                    report.refuse(reason)
                else:
                    taken.append(event)

        take(pages, lambda page: check_page(page, unknown))
        known = self._known_pages(acts, taken)
        strange = self._articles.unknown(act["news_id"] for act in acts if "news_id" in act and "page_id" not in act)
        take(acts, lambda act: check_place(act, known, strange))
        if undos:
            undone = self._undone(undos, taken)
            take(undos, lambda undo: check_undo(undo, undone))
        return taken

    def _check_rate(self, event: Event, rates: Rates, sent_before: Callable[[], set[str]]) -> None:
        user_id, page_id = event["user_id"], event.get("page_id", "")
        if not user_id and not page_id:
            return  # by any number of readers
        key = user_id, "" if user_id else page_id, int(event["time"].timestamp()) // 60
        if key not in rates:
            rates[key] = self._rates.get(key) or 0, []
        before, ids = rates[key]
        if before + len(ids) >= MOST_IN_A_MINUTE:  # only now the store is asked: what is sent again counts once
            ids[:] = [event_id for event_id in ids if event_id not in sent_before()]
            if event["event_id"] in sent_before():
                return
            if before + len(ids) >= MOST_IN_A_MINUTE:
                raise SkipRow(TOO_MANY, f"reader {found(event['user_id'])} at {event['time']:%Y-%m-%d %H:%M} UTC")
        ids.append(event["event_id"])

    def _known_pages(self, acts: Sequence[Event], pages: Sequence[Event]) -> dict[str, KnownPage]:
        """Return what is known of the pages that acts name; `pages` are those of the same call."""
        known = {page["page_id"]: page_of(page) for page in reversed(pages)}  # the store keeps the first of a page_id
        missing = []
        for page_id in {act["page_id"] for act in acts if "page_id" in act} - known.keys():
            if page := self._pages.get(page_id):
                known[page_id] = page
            else:
                missing.append(page_id)
        if missing:
            for event in self._store.pages(missing).to_pylist():
                known[event["page_id"]] = page = page_of(event)
                self._pages.set(event["page_id"], page)
        forgotten = self._forgotten()
        return {name: page for name, page in known.items() if not forgotten.covers(page.user_id, page.time)}

    def _undone(self, undos: Sequence[Event], taken: Sequence[Event]) -> dict[str, Mapping[str, Any]]:
        """Return the events that undos name, by id; of several with one id, the first, which the store keeps."""
        wanted = {undo["undoes"] for undo in undos}
        there = self._store.with_ids(sorted(wanted)).to_pylist()
        forgotten = self._forgotten()
        there = [event for event in there if not forgotten.covers(event["user_id"], event["time"])]
        undone: dict[str, Mapping[str, Any]] = {event["event_id"]: event for event in there}
        for event in [*taken, *undos]:
            if event["event_id"] in wanted:
                undone.setdefault(event["event_id"], event)
        return undone


def given_events(events: object) -> Iterator[object]:
    """Yield events from a single mapping, from mappings, or from a table of pandas, polars or pyarrow.

    Raises InputError for anything else; what a list holds is checked when it is logged.
    """
    if isinstance(events, Mapping):
        return iter([events])
    if any(hasattr(events, name) for name in ("to_pylist", "to_dicts", "to_dict")):
        return given_rows(events, "events")
    if isinstance(events, str | bytes | os.PathLike) or not isinstance(events, Iterable):
        hint = " A file is logged by `broadsheet log`." if isinstance(events, str | os.PathLike) else ""
        raise InputError(
            f"events: found {shown(events)}, expected events: mappings from field to value, or a table of pandas, "
            f"polars or pyarrow.{hint}"
        )
    return iter(events)


def _checked(rows: Iterable[object], is_archive: bool, report: LogReport, forgotten: Forgotten) -> Iterator[Event]:
    times, now = TimeReader(), datetime.now(UTC)
    for row in rows:
        try:
            event = checked_event(row, times, now, is_archive=is_archive)
            if forgotten.covers(event["user_id"], event["time"]):
                raise SkipRow(FORGOTTEN)
        except SkipRow as reason:
            report.refuse(reason)
        else:
            kind = event["kind"]
            if names := left_out(cast(Mapping[str, Any], row), kind):
                report.left_out.update(f"{kind}: {name}" for name in names)
            yield event
