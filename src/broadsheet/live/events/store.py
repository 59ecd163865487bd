"""The small interface of an event store, and which store a newsroom has by its setting `events`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from broadsheet.live.events.limits import MOST_READ
from broadsheet.live.events.stores.group_commit import Appended

if TYPE_CHECKING:
    from broadsheet.config.settings import Config
    from broadsheet.newsroom import Newsroom

__all__ = ["Appended", "EventStore", "open_events", "stores_to_carry"]


class EventStore(Protocol):
    """Keeps events in the order in which they came to be seen; safe to share between threads.

    Every method raises NewsroomError if the store cannot be reached or written, ContractError if it is damaged, and
    DiskError if its disk is full.
    """

    name: str
    "What messages call the store, without a password."

    def append(self, events: Iterable[Mapping[str, Any]]) -> Appended:
        """Keep events that were checked, all or none of them; they are on the disk when the call returns.

        An event is a mapping with columns of table events; what is left out is null. An event whose event_id the store
        has is not taken a second time; nor is a page whose page_id it has, or an undo of what is undone already.
        """

    def after(self, sequence: int, limit: int = MOST_READ) -> pa.Table:
        """Return the first `limit` events with a higher number than `sequence`, in their order, as table events."""

    def last(self) -> int:
        """Return the highest number that was given, 0 before the first event; a removal does not lower it."""

    def pages(self, page_ids: Sequence[str]) -> pa.Table:
        """Return the events of kind page with these page_ids, in no certain order."""

    def with_ids(self, event_ids: Sequence[str]) -> pa.Table:
        """Return the events with these event_ids, in no certain order."""

    def of_readers(self, user_ids: Sequence[str]) -> pa.Table:
        """Return what these readers did, pages and views left out, in the order of `sequence`.

        What a reader did who was forgotten since is left out.
        """

    def explored_pages(self, user_ids: Sequence[str], since: datetime) -> pa.Table:
        """Return the pages of these readers with explored slots that were received since a time, in any order.

        Pages of a reader who was forgotten since are left out.
        """

    def between(self, first: datetime, last: datetime) -> pa.Table:
        """Return the events that happened from `first` to before `last`, in the order of `sequence`."""

    def remove_up_to(self, sequence: int) -> int:
        """Remove events up to this number and return how many that were.

        It stops before the first event that was received less than KEPT ago.
        """

    def all_of(self, user_id: str) -> pa.Table:
        """Return all events of a reader, and all on a page of the reader, in the order of `sequence`."""

    def user_ids(self) -> list[str]:
        """Return the readers of all events, each once, in no certain order; unknown readers are left out."""

    def blank(self, until: Mapping[str, datetime], page_ids: Sequence[str]) -> int:
        """Take everything out of the events of these readers that happened until a time each, but number and day.

        What happened on one of these pages, or on a page of such a reader, goes too, whoever did it. A blank event is
        of the kind `forgotten`. Returns how many events were blanked; the files of the store do not hold them any more.
        """

    def problems(self) -> list[str]:
        """Return what is wrong with the store itself: damage that the database finds, numbers that are missing."""

    def close(self) -> None:
        """Let go of files and connections; a later call opens them again."""


def open_events(newsroom: Newsroom, config: Config) -> EventStore:
    """Return the event store of a newsroom; nothing is opened or made before the first event is kept or read.

    Raises ConfigError if the setting `events` is an address that cannot be read, or the driver is not installed.
    """
    if config.events:
        from broadsheet.live.events.stores.postgres_store import PostgresEvents

        return PostgresEvents(newsroom, config.events)
    from broadsheet.live.events.stores.sqlite_store import SqliteEvents

    return SqliteEvents(newsroom)


def stores_to_carry(newsroom: Newsroom, config: Config) -> list[EventStore]:
    """Return the stores whose events a build has to carry, in the order of their numbers; the store of today is last.

    Where the setting `events` came to name a database, the file of events in the newsroom may hold events that no build
    has carried. The numbers of the database begin behind them.
    """
    from broadsheet.live.events.stores.sqlite_store import SqliteEvents

    before = SqliteEvents(newsroom) if config.events else None
    stores: list[EventStore] = [before] if before is not None and before.left() else []
    return [*stores, open_events(newsroom, config)]
