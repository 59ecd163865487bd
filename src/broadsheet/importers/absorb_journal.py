"""Carrying the journal into the corpus: what was added between nights is taken in, what was withdrawn is taken out."""

import pyarrow as pa

from broadsheet.importers.staging import read_existing
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import CARRIED, Changes, Journal, carried_by, read_changes, read_withdrawn
from broadsheet.tables.arrow_files import from_rows, open_writer, write_table
from broadsheet.tables.live_schemas import WITHDRAWN
from broadsheet.tables.schemas import NEWS


def absorb(newsroom: Newsroom) -> None:
    """Bring the corpus to the end of the journal; the caller holds the newsroom's lock.

    The news table is stamped with the last number that is in it. Killed in between, it begins again from that number
    and comes to the same. Raises ContractError if an entry or the news table is damaged.
    """
    for part in newsroom.news.parent.glob(".*.arrow.*.part"):  # left by an import or a build that was killed
        part.unlink()
    entries = Journal(newsroom).entries(after=carried_by(newsroom.news))
    if not entries:
        return
    changes = read_changes(entries, lambda articles, _: articles.select(NEWS.names))
    _write_withdrawn(newsroom, changes)
    _write_news(newsroom, changes, entries[-1].sequence)


def _write_withdrawn(newsroom: Newsroom, changes: Changes) -> None:
    before = read_withdrawn(newsroom)
    after = {news_id: time for news_id, time in before.items() if news_id not in _added(changes)} | changes.withdrawn
    if after != before:
        rows = [{"news_id": news_id, "time": time} for news_id, time in after.items()]
        write_table(newsroom.withdrawn, from_rows(rows, WITHDRAWN), WITHDRAWN)


def _write_news(newsroom: Newsroom, changes: Changes, last: int) -> None:
    """Write the news table anew, a batch at a time: its rows stay in their order, and added articles follow."""
    changed = _added(changes) | changes.withdrawn.keys()
    before = read_existing(newsroom.news, NEWS)
    with open_writer(newsroom.news, NEWS, **{CARRIED: str(last)}) as writer:
        for batch in before.to_batches():
            kept = [news_id not in changed for news_id in batch.column("news_id").to_pylist()]
            writer.write(batch.filter(pa.array(kept, pa.bool_())))
        if changes.added is not None:
            writer.write(changes.added)


def _added(changes: Changes) -> set[str]:
    return set() if changes.added is None else set(changes.added.column("news_id").to_pylist())
