"""Readers as of this second: what the corpus knows of them, with what they did since."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from broadsheet.errors import BroadsheetError
from broadsheet.live.events.acts import happened, opinions_of, since
from broadsheet.live.events.store import EventStore
from broadsheet.live.in_force import MOST_OF_THE_TIME, SAYS_EVERY
from broadsheet.readers.follows import Opinions, mutes_after
from broadsheet.readers.state import ReaderState
from broadsheet.workbench.workbench import Workbench

log = logging.getLogger(__name__)

ASKS_AGAIN = 1.0
"""Least seconds after which a store that failed is asked again: each request would wait for it meanwhile."""


class LiveReaders:
    """The readers of a newsroom with what they did until now; safe to share between threads."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._failed_until = self._said = -math.inf

    def __call__(self, bench: Workbench, user_ids: Sequence[str], as_of: datetime) -> list[ReaderState]:
        """Return the states of readers, in the order of the ids; an act counts from the next request on.

        `as_of` is the moment of the request; a state is as of the reader's last act where that was later.
        """
        known, forgotten = bench.data.readers, bench.data.readers.forgotten()
        events = self._events(user_ids)
        held = known.audience.held
        did = since([event for event in events if event["sequence"] <= held], events)
        said = opinions_of(event for event in events if event["sequence"] > held)
        as_of = max([as_of, *(happened(event) + timedelta(milliseconds=1) for event in events)])
        users = known.audience.state(user_ids, as_of, did._replace(said=said))
        states = [_with_mutes(state, said.get(state.user_id)) for state in bench.readers(users, known.mutes())]
        return [_since(state, forgotten.until(state.user_id)) for state in states]

    def _events(self, user_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the acts of readers; none while the store fails, which is said once a minute."""
        started = time.monotonic()
        if started < self._failed_until:
            return []
        try:
            found: list[dict[str, Any]] = self._store.of_readers([one for one in user_ids if one]).to_pylist()
        except BroadsheetError as error:
            now = time.monotonic()
            self._failed_until = now + max(ASKS_AGAIN, (now - started) / MOST_OF_THE_TIME)
            if now - self._said >= SAYS_EVERY:
                log.warning("%s Pages are made without what their readers did since the last build.", error)
                self._said = now
            return []
        return found


def _since(state: ReaderState, forgotten: datetime | None) -> ReaderState:
    """Return the state of a reader who may have been forgotten."""
    return state if forgotten is None else replace(state, since=forgotten.timestamp())


def _with_mutes(state: ReaderState, said: Opinions | None) -> ReaderState:
    """Return the state with what the reader lately muted, and without what the reader lately let in again."""
    if said is None:
        return state
    row = mutes_after(said, {"categories": state.muted_categories, "sources": state.muted_sources})
    return replace(
        state, muted_categories=tuple(row.get("categories", ())), muted_sources=tuple(row.get("sources", ()))
    )
