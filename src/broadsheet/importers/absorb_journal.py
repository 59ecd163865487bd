"""Carrying the journal into the corpus: what was added between nights is taken in, what was withdrawn is taken out."""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.importers.rows import content_hash
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.entries import Changes
from broadsheet.newsroom.journal import CARRIED, WITHDRAWN_BY, Journal, carried_by, read_withdrawn
from broadsheet.tables.arrow_files import from_rows, open_writer, read_stamp, read_table, write_table
from broadsheet.tables.live_schemas import WITHDRAWN
from broadsheet.tables.schemas import CLICKS, NEWS, USERS
from broadsheet.tables.seal import is_sealed


def absorb(newsroom: Newsroom) -> None:
    """Bring the corpus to the end of the journal; the caller holds the newsroom's lock.

    The news table is stamped with the last number that is in it. Killed in between, it begins again from that number
    and comes to the same. A news table that holds withdrawn articles, such as one restored from an older copy, loses
    them. Raises ContractError if an entry or a table of the corpus is damaged, NewsroomError if the journal or its last
    entries are missing; a warning names other entries that are missing.
    """
    for part in newsroom.news.parent.glob(".*.arrow.*.part"):  # left by an import or a build that was killed
        part.unlink()
    _seal_tables(newsroom)
    carried = carried_by(newsroom.news)
    journal = Journal(newsroom)
    entries, changes = journal.changes(lambda articles, _: articles.select(NEWS.names), after=carried)
    journal.lost(entries, after=carried)
    last = entries[-1].sequence if entries else carried
    withdrawn = read_withdrawn(newsroom)
    if entries:
        withdrawn = {id_: time for id_, time in withdrawn.items() if id_ not in _added(changes)} | changes.withdrawn
        rows = [{"news_id": news_id, "time": time} for news_id, time in withdrawn.items()]
        write_table(newsroom.withdrawn, from_rows(rows, WITHDRAWN), WITHDRAWN, **{CARRIED: str(last)})
    if entries or _names_any(newsroom, withdrawn):
        _write_news(newsroom, changes, withdrawn, last)


def _seal_tables(newsroom: Newsroom) -> None:
    """Write the tables of an earlier version anew, with the seal that shows a changed byte from now on.

    Raises ContractError if an article is not the one that its content hash was made of.
    """
    tables = {newsroom.news: NEWS, newsroom.users: USERS, newsroom.clicks: CLICKS, newsroom.withdrawn: WITHDRAWN}
    for path, schema in tables.items():
        if path.is_file() and not is_sealed(path):
            table, stamp = read_table(path, schema), read_stamp(path)
            if schema is NEWS and (changed := _changed_articles(table)):
                raise ContractError(
                    f"{path}: {len(changed)} articles, such as {changed[0]!r}, do not have the content that their "
                    "content_hash was made of: the file is damaged. Restore it from a copy, or import them again."
                )
            stamp = {name: value for name, value in stamp.items() if name not in ("table", "version")}
            write_table(path, table, schema, **stamp)


def _changed_articles(news: pa.Table) -> list[str]:
    """Return the ids of the articles whose text or category is not what their content hash was made of."""
    columns = ["title", "abstract", "body", "category"]
    return [
        row["news_id"]
        for batch in news.select(["news_id", "content_hash", *columns]).to_batches()
        for row in batch.to_pylist()
        if row["content_hash"] != content_hash(*(row[name] for name in columns))
    ]


def _names_any(newsroom: Newsroom, withdrawn: Collection[str]) -> bool:
    """Return whether the news table holds an article that is withdrawn."""
    there = read_table(newsroom.news, NEWS).column("news_id")
    return bool(withdrawn) and bool(pc.any(pc.is_in(there, value_set=pa.array(withdrawn, pa.string()))).as_py())


def _write_news(newsroom: Newsroom, changes: Changes, withdrawn: Collection[str], last: int) -> None:
    """Write the news table anew, a batch at a time: its rows stay in their order, and added articles follow."""
    changed = _added(changes) | set(withdrawn)
    before = read_table(newsroom.news, NEWS)
    stamps = {CARRIED: str(last), WITHDRAWN_BY: str(carried_by(newsroom.withdrawn))}
    with open_writer(newsroom.news, NEWS, **stamps) as writer:
        for batch in before.to_batches():
            kept = [news_id not in changed for news_id in batch.column("news_id").to_pylist()]
            writer.write(batch.filter(pa.array(kept, pa.bool_())))
        if changes.added is not None:
            writer.write(changes.added)


def _added(changes: Changes) -> set[str]:
    return set() if changes.added is None else set(changes.added.column("news_id").to_pylist())
