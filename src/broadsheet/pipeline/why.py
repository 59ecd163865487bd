"""Why an article is at its rank for a reader, and what would move it: each change is ranked, none is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.filters import read_filters
from broadsheet.errors import InputError
from broadsheet.live.live_workbench import request_time
from broadsheet.newsroom.given import most_stories, shown
from broadsheet.pages.article_lists import similar
from broadsheet.pipeline.lifts import Signal, signals_of
from broadsheet.readers.follows import words_of
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Flags
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Filters, Pipeline

MOST_READS = 5
"""Articles of the history, those most like the article, of which each is taken away alone."""

Change = Literal["base", "forget read", "forget history", "forget words", "hide", "mute", "follow", "read similar"]


@dataclass(frozen=True)
class Move:
    """What a change would do to an article's rank."""

    change: Change
    "forget read: an article of the history is taken away; read similar: another article is read."
    field: str
    "For mute and follow: category, subcategory or source; for one article: news_id; else empty."
    value: str
    "The name that is muted or followed, or the id of the article; else empty."
    rank: int | None
    "The article's rank after the change; None if it would not be in the list."


@dataclass(frozen=True)
class Why:
    """Why an article is at its rank for a reader."""

    rank: int | None
    "1 is best; None if the article is not in the reader's list."
    listed: int
    "Length of the list that was ranked: an article below has no rank."
    reason: str
    "The sentence of the page; empty without a rank."
    because_news_id: str | None
    "The article read that the sentence names."
    fused: float | None
    "All signals fused into one number, before the list is made diverse."
    signals: list[Signal] = field(default_factory=list)
    "The signals with their weights and lifts, the largest lift first; empty without a rank."
    moves: list[Move] = field(default_factory=list)
    "What each change would do, computed by ranking anew."


def why(pipeline: Pipeline, user_id: str, news_id: str, k: int = 10, filters: Filters = None) -> Why:
    """Return why an article that a page may show is at its rank for a reader, as of now and without exploration.

    Raises InputError as `Pipeline.run` does, and for an id that no article has.
    """
    bench = pipeline.bench_of(user_id)
    (reader,) = pipeline.readers([user_id])
    as_of, chosen, k = request_time(bench), read_filters(filters), most_stories(k, len(bench.data.catalogue))
    row = bench.data.catalogue.row_of.get(news_id)
    if row is None:
        raise InputError(f"news_id: found {shown(news_id)}, expected the id of an article of the edition.")
    changes = [("base", "", "", reader), *_changes(bench, reader, row, as_of)]
    states = [_as_request(state, number) for number, (*_, state) in enumerate(changes)]
    depth = k if k > bench.models.config.rerank.depth else None
    ranked = rank(bench, states, as_of, depth, pipeline.scores, chosen).ranked
    places = _ranks(ranked, news_id)
    moves = [
        Move(change, kind, value, places.get(state.user_id))
        for (change, kind, value, _), state in zip(changes[1:], states[1:], strict=True)
    ]
    own = ranked.filter(pc.equal(ranked.column("user_id"), states[0].user_id))
    return _explained(bench, reader, own, places.get(states[0].user_id), moves)


def _explained(bench: Workbench, reader: ReaderState, own: pa.Table, place: int | None, moves: list[Move]) -> Why:
    if place is None:
        return Why(None, len(own), "", None, None, moves=moves)
    row = own.slice(place - 1, 1).to_pylist()[0]
    signals = signals_of(bench, reader, own, place - 1)
    return Why(place, len(own), row["reason"], row["because_news_id"], row["fused"], signals, moves)


def _ranks(ranked: pa.Table, news_id: str) -> dict[str, int]:
    rows = ranked.filter(pc.equal(ranked.column("news_id"), news_id))
    return dict(zip(rows.column("user_id").to_pylist(), rows.column("rank").to_pylist(), strict=True))


def _as_request(state: ReaderState, number: int) -> ReaderState:
    """Return a reader under an id of the request's own, since a ranking has each id once."""
    return replace(state, user={**state.user, "user_id": f"request {number}"}, person=state.user_id)


def _changes(
    bench: Workbench, reader: ReaderState, row: int, as_of: datetime
) -> Iterator[tuple[Change, str, str, ReaderState]]:
    """Yield the changes that a reader can make: what is changed, and the reader after it."""
    catalogue, user = bench.data.catalogue, reader.user
    article = catalogue.news.select(["news_id", "category", "subcategory", "source"]).slice(row, 1).to_pylist()[0]
    for place in _nearest_reads(bench, reader, row):
        read = catalogue.ids([reader.history[place]])[0].as_py()
        kept = np.arange(len(reader.history)) != place
        yield "forget read", "news_id", read, _with_history(reader, kept)
    if reader.history:
        yield "forget history", "", "", _with_history(reader, np.zeros(len(reader.history), np.bool_))
    if reader.profile:
        yield "forget words", "", "", replace(reader, user={**user, "profile": ""})
    hidden = [*user["hidden"], article["news_id"]]
    yield "hide", "news_id", article["news_id"], replace(reader, user={**user, "hidden": hidden})
    if name := article["category"]:
        yield "mute", "category", name, replace(reader, muted_categories=(*reader.muted_categories, name))
    if name := article["source"]:
        yield "mute", "source", name, replace(reader, muted_sources=(*reader.muted_sources, name))
    for kind in ("category", "subcategory"):
        if name := article[kind]:
            yield "follow", kind, name, replace(reader, user={**user, "profile": words_of(reader.profile, [name])})
    unread = [other for other, _ in similar(bench, row, as_of) if other not in reader.history]
    if unread:
        more = _with_read(reader, unread[0])
        yield "read similar", "news_id", catalogue.ids([unread[0]])[0].as_py(), more


def _nearest_reads(bench: Workbench, reader: ReaderState, row: int) -> list[int]:
    """Return the places in a history of the articles most like an article, the most alike first."""
    if not reader.history:
        return []
    catalogue = bench.data.catalogue
    likeness = catalogue.vectors_of(list(reader.history)) @ catalogue.vectors_of([row])[0]
    nearest: list[int] = np.argsort(-likeness, kind="stable")[:MOST_READS].tolist()
    return nearest


def _with_history(reader: ReaderState, kept: Flags) -> ReaderState:
    """Return the reader with a part of the history."""
    return replace(
        reader,
        history=[row for row, one in zip(reader.history, kept.tolist(), strict=True) if one],
        reads=None if reader.reads is None else reader.reads[kept],
        acts=None if reader.acts is None else reader.acts[kept],
    )


def _with_read(reader: ReaderState, row: int) -> ReaderState:
    """Return the reader after one more article was read."""
    reads, acts = reader.reads, reader.acts
    return replace(
        reader,
        history=[*reader.history, row],
        reads=None if reads is None else np.vstack([reads, np.full((1, reads.shape[1]), np.nan, reads.dtype)]),
        acts=None if acts is None else np.append(acts, np.zeros(1, acts.dtype)),
    )
