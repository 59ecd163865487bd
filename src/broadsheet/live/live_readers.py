"""Readers as of this second: what the corpus knows of them, with what they did since."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.live.events.acts import happened, opinions_of, since
from broadsheet.live.events.store import EventStore
from broadsheet.readers.follows import Opinions
from broadsheet.readers.state import ReaderState
from broadsheet.workbench.workbench import Workbench

log = logging.getLogger(__name__)


class LiveReaders:
    """The readers of a newsroom with what they did until now; safe to share between threads."""

    def __init__(self, store: EventStore, after: int) -> None:
        """`after` is the number of the last event in the corpus, from which the readers were opened."""
        self._store, self._after = store, after

    def __call__(self, bench: Workbench, user_ids: Sequence[str], as_of: datetime) -> list[ReaderState]:
        """Return the states of readers, in the order of the ids; an act counts from the next request on.

        `as_of` is the moment of the request; a state is as of the reader's last act where that was later.
        """
        known, events = bench.data.readers, self._events(user_ids)
        did = since([event for event in events if event["sequence"] <= self._after], events)
        said = opinions_of(event for event in events if event["sequence"] > self._after)
        as_of = max([as_of, *(happened(event) + timedelta(milliseconds=1) for event in events)])
        users = known.audience.state(user_ids, as_of, did._replace(said=said))
        return [_with_mutes(state, said.get(state.user_id)) for state in bench.readers(users, known.mutes())]

    def _events(self, user_ids: Sequence[str]) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._store.of_readers([one for one in user_ids if one]).to_pylist()
        except NewsroomError as error:
            log.warning("%s Pages are made without what their readers did since the last build.", error)
            return []
        return found


def _with_mutes(state: ReaderState, said: Opinions | None) -> ReaderState:
    """Return the state with what the reader lately muted, and without what the reader lately let in again."""
    if said is None:
        return state
    categories, sources = (
        tuple(sorted({*muted, *said.mutes.get(field, ())} - said.not_muted(field)))
        for field, muted in (("category", state.muted_categories), ("source", state.muted_sources))
    )
    return replace(state, muted_categories=categories, muted_sources=sources)
