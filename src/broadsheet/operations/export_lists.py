"""What an edition ranked, and what readers clicked, as lists for evaluation tools."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.impressions import require_splits
from broadsheet.errors import InputError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.given import require_outside
from broadsheet.operations.editions import named_edition
from broadsheet.operations.list_files import TopicList, write_qrels, write_run
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, RANKED, USERS

_MOST_HOURS = 24 * 366 * 10


def export_run(newsroom: Newsroom, out: Path, edition: str = "", tag: str = "broadsheet") -> str:
    """Write the rankings of an edition to the file `out`, and return a line on what was written.

    A topic is a reader's id; articles are in the order of their rank, and the score is 1 / rank. `edition` is its name,
    or empty for the current edition. The suffix of `out` says the format; see `write_run` for that and for InputError.
    Raises NewsroomError if there is no such edition, ContractError if its files are damaged.
    """
    chosen = named_edition(newsroom, edition) if edition else newsroom.current()
    require_outside(newsroom, out)
    chosen.require_whole()
    ranked = read_table(chosen.ranked, RANKED)
    write_run(out, _by_reader(ranked), tag)
    readers = pc.count_distinct(ranked.column("user_id")).as_py()
    return f"{out}: {len(ranked):,} articles ranked for {readers:,} readers by edition {chosen.name}"


def export_later_clicks(newsroom: Newsroom, out: Path, edition: str = "", hours: float = 24) -> str:
    """Write what the readers of an edition clicked in the `hours` after its clock, and return a line on it.

    A topic is a reader's id. An article is relevant (1) if the reader clicked it, or did anything else but hide it, and
    not relevant (0) if the reader hid it. The line counts what was left out: events of readers whom the edition ranked
    nothing for, and events on articles that the reader had read before, since no ranking offers them.

    Raises InputError for `hours` out of bounds and as `write_qrels`; NewsroomError if there is no such edition or no
    event to write.
    """
    if not 0 < hours <= _MOST_HOURS:
        raise InputError(f"hours: found {hours}, expected more than 0 and at most {_MOST_HOURS}.")
    chosen = named_edition(newsroom, edition) if edition else newsroom.current()
    require_outside(newsroom, out)
    chosen.require_whole()
    start = datetime.fromisoformat(chosen.read_manifest()["as_of"])
    end = start + timedelta(hours=hours)
    span = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC, the {hours:g} hours after edition {chosen.name}"
    events = _events_between(newsroom, start, end)
    judged, others, read_before = _judged(chosen, events)
    if not judged:
        raise NewsroomError(
            f"{newsroom.path}: no reader of the edition clicked an article that was new to the reader, {span} "
            f"({len(events):,} events of any reader there). Import later clicks, name an earlier edition, more hours, "
            "or a split of impressions."
        )
    write_qrels(out, judged)
    return (
        f"{out}: {sum(len(one.news_ids) for one in judged):,} articles judged by {len(judged):,} readers, {span}; left "
        f"out: {others:,} events of readers without a ranking, {read_before:,} on articles read before"
    )


def export_impressions(newsroom: Newsroom, out: Path, split: str) -> str:
    """Write the clicks of a split of impressions, and return a line on it.

    A topic is an impression's id; an article that was shown is relevant (1) if it was clicked, else not (0). An
    impression of which no clicks are known is left out and counted. Raises CorpusError if there is no such split,
    NewsroomError if no impression has known clicks, InputError as `write_qrels`.
    """
    require_splits(newsroom, split)
    require_outside(newsroom, out)
    table = read_table(newsroom.impressions(split), IMPRESSIONS).select(["impression_id", "shown", "clicked"])
    labelled = table.filter(pc.greater(pc.list_value_length(table.column("clicked")), 0))
    if not len(labelled):
        raise NewsroomError(
            f"{newsroom.impressions(split)}: found {len(table):,} impressions, expected some whose clicks are known. "
            "Import the split with its clicks, or name another."
        )
    write_qrels(out, _by_impression(labelled))
    left_out = len(table) - len(labelled)
    return f"{out}: {len(labelled):,} impressions of split {split}; left out: {left_out:,} whose clicks are not known"


def _by_reader(ranked: pa.Table) -> Iterator[TopicList]:
    """Yield each reader's list; the rows of a reader stand together, best first."""
    rows = (
        row
        for batch in ranked.select(["user_id", "news_id", "score"]).to_batches(max_chunksize=10_000)
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    )
    for user_id, listed in groupby(rows, key=lambda row: row[0]):
        _, news_ids, scores = zip(*listed, strict=True)
        yield TopicList(user_id, news_ids, scores)


def _by_impression(labelled: pa.Table) -> Iterator[TopicList]:
    for batch in labelled.to_batches(max_chunksize=10_000):
        for name, shown, clicked in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            judged: dict[str, int] = {}
            for news_id, is_clicked in zip(shown, clicked, strict=True):
                judged[news_id] = max(judged.get(news_id, 0), int(is_clicked))  # an article may be shown twice
            yield TopicList(name, list(judged), list(judged.values()))


def _events_between(newsroom: Newsroom, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the events of a span, `start` included and `end` not, oldest first."""
    table = read_table(newsroom.clicks, CLICKS).select(["user_id", "news_id", "time", "event"])
    time = table.column("time")
    within = pc.and_(pc.greater_equal(time, pa.scalar(start, time.type)), pc.less(time, pa.scalar(end, time.type)))
    known = pc.and_(within, pc.not_equal(table.column("user_id"), ""))
    rows: list[dict[str, Any]] = table.filter(known).sort_by("time").to_pylist()
    return rows


def _judged(edition: Edition, events: list[dict[str, Any]]) -> tuple[list[TopicList], int, int]:
    """Return the readers' judgements in the edition's order, and how many events are of others, or on read articles."""
    users = read_table(edition.users, USERS).select(["user_id", "history"])
    ranked_for = set(pc.unique(read_table(edition.ranked, RANKED).column("user_id")).to_pylist())
    wanted = {event["user_id"] for event in events} & ranked_for
    here = users.filter(pc.is_in(users.column("user_id"), pa.array(sorted(wanted), pa.string()))).to_pylist()
    read = {row["user_id"]: set(row["history"]) for row in here}
    judged: dict[str, dict[str, int]] = {user_id: {} for user_id in read}
    others = read_before = 0
    for event in events:
        user_id, news_id = event["user_id"], event["news_id"]
        if user_id not in read:
            others += 1
        elif news_id in read[user_id]:
            read_before += 1
        else:
            relevant = judged[user_id].get(news_id, 1)
            judged[user_id][news_id] = 0 if event["event"] == "hide" else relevant
    lists = [TopicList(user_id, list(found), list(found.values())) for user_id, found in judged.items() if found]
    return lists, others, read_before
