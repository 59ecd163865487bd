"""Importing EB-NeRD, the data set of the Danish newspaper Ekstra Bladet, from its Parquet files as they are published.

A folder of EB-NeRD has articles.parquet and for each split, such as train, a folder with behaviors.parquet and
history.parquet. Its times name no zone and are read as UTC. EB-NeRD is an archive: in a newsroom made of it time stands
still at its last click.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet.importers.clicks.same_click import KnownClicks
from broadsheet.importers.ebnerd.folder import KEPT_COLUMNS, EbnerdFiles, find_files
from broadsheet.importers.files.file_rows import read_rows
from broadsheet.importers.files.id_lists import ids_of_cell
from broadsheet.importers.impressions import impression_rows
from broadsheet.importers.report import DUPLICATE_CLICK, ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.values import SkipRow, checked_id, is_missing

SEEN = "news: without a time in articles.parquet, published when first shown or read"
UNSEEN = "news: without a time in articles.parquet, never shown or read, so without any time"
_DEVICES = {0: "unknown", 1: "desktop", 2: "mobile", 3: "tablet"}
_LIST = {
    "impression_id": "impression_id",
    "user_id": "user_id",
    "impression_time": "time",
    "article_ids_inview": "shown",
    "article_ids_clicked": "clicked_ids",
    "session_id": "session_id",
    "is_subscriber": "is_subscriber",
}
_OF_CLICKS = ("clicks", "read")
"""What a list says of its clicks; no columns of table impressions."""
_READS = ("article_id_fixed", "impression_time_fixed", "read_time_fixed", "scroll_percentage_fixed")
_BATCH = 2000


def import_ebnerd(directory: Path, newsroom: Newsroom, split: str) -> ImportReport:
    """Add a split of EB-NeRD and its articles to a newsroom; its impressions become table impressions-<split>.

    The reads of all histories and the clicked articles of all impressions become clicks, with the seconds read and how
    far the reader scrolled where they are known. A read that the newsroom has already, from the list where it was
    clicked in another split, is counted as a duplicate click. The history of an impression is what its reader clicked
    before it. A split without clicks gives impressions whose `clicked` is empty.

    An article has the publication time of articles.parquet. Where that file has no publication times, an article counts
    as published when a list or a history of any split in the folder first names it; an article that is named nowhere
    has no time. Totals over all readers, such as total_pageviews, are never taken: they count what happened later.

    Raises CorpusError naming every file that is missing or damaged and every column that is missing, and what Import
    raises.
    """
    newsroom.impressions(split)  # a bad name of a split is an error before any file is read
    files = find_files(directory, split)
    table = newsroom.impressions(split).stem
    with Import(newsroom, files.kept) as add:
        add.archive()
        for name, columns in files.left_out.items():
            add.report.leave_out(name, columns)
        _add_articles(add, files)
        known = KnownClicks(newsroom.clicks)
        add.clicks(_reads(files, known, add.report))
        lists = (_list_row(row) for row in _rows(files.behaviors, files.list_columns, table, add.report))
        shown = impression_rows(lists, dict.fromkeys(_LIST.values(), ""), partial(add.report.skip, table))
        for batch in _batches(shown):
            add.impressions(split, ({name: row[name] for name in row if name not in _OF_CLICKS} for row in batch))
            add.clicks(_new(_clicks(batch), known, add.report))
    return add.report


def _add_articles(add: Import, files: EbnerdFiles) -> None:
    """Add the articles; if their file has no publication times, the report says how many got a time."""
    first, ids = None if files.has_times else _first_seen(files), set[str]()

    def articles() -> Iterator[dict[str, Any]]:
        for row in _rows(files.articles, files.article_columns, "news", add.report):
            ids.add(_id(row["article_id"]))
            yield _article(row, first)

    add.news(articles())
    if first is not None:
        seen, unseen = add.count_dated(ids)
        add.report.notes += Counter({SEEN: seen, UNSEEN: unseen})  # a sum of counters leaves out what is 0


def _rows(path: Path, names: Iterable[str], table: str, report: ImportReport) -> Iterator[dict[str, Any]]:
    def skip(reason: str) -> None:
        report.skipped[f"{table}: {reason}"] += 1

    return read_rows(path, list(names), skip)


def _article(row: Mapping[str, Any], first: Mapping[str, datetime] | None) -> dict[str, Any]:
    """Return an article as a row of table news; `first` holds when each article was first named, if that counts."""
    category = row.get("category_str")
    published = row.get("published_time") if first is None else first.get(_id(row["article_id"]))
    return {
        "news_id": row["article_id"],
        "title": row["title"],
        "abstract": row["subtitle"],
        "body": row.get("body"),
        "category": row.get("category") if is_missing(category) or category == "" else category,
        "subcategory": _first_of(row.get("subcategory")),
        "language": "da",
        "url": row.get("url"),
        "published_at": _utc(published),
        **{name: row[name] for name in KEPT_COLUMNS if name in row},
    }


def _first_of(value: object) -> object:
    """Return the first of some subcategories, which are a list or a text such as "[133, 55]"."""
    found = ids_of_cell(value) if isinstance(value, str) else value
    return next(iter(found), None) if isinstance(found, list) else found


def _utc(time: Any) -> Any:  # noqa: ANN401
    """Return a time as UTC; what is no time is left to the checks of the row."""
    if not isinstance(time, datetime) or is_missing(time):
        return time
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _id(value: object) -> str:
    """Return an id as the corpus has it, whichever type its file has; empty for what is no id."""
    try:
        return checked_id(value)
    except SkipRow:
        return ""


def _first_seen(files: EbnerdFiles) -> dict[str, datetime]:
    """Return when each article was first shown or read in any split of the folder, UTC; rows are counted later."""
    first: dict[str, datetime] = {}
    for path, ids, times in files.appearances:
        for article, moment in _earliest(path, ids, times).items():
            news_id, time = _id(article), _utc(moment)
            if news_id and (news_id not in first or time < first[news_id]):
                first[news_id] = time
    return first


def _earliest(path: Path, ids: str, times: str) -> dict[Any, datetime]:
    """Return the first time at which a file names each article, with ids and times of the types of the file."""
    first: dict[Any, datetime] = {}
    for row in read_rows(path, [ids, times], lambda reason: None):
        shown, seen = row[ids] or (), row[times]
        moments = seen if isinstance(seen, list) else [seen] * len(shown)
        for article, moment in zip(shown, moments, strict=False):
            if moment is not None and (article not in first or moment < first[article]):
                first[article] = moment
    return first


def _reads(files: EbnerdFiles, known: KnownClicks, report: ImportReport) -> Iterator[dict[str, Any]]:
    """Yield the reads of all histories as clicks."""
    for row in _rows(files.history, ["user_id", *files.read_columns], "history", report):
        columns = {name: row[name] for name in _READS if row.get(name) is not None}
        lengths = {len(values) for values in columns.values()}
        if not {*_READS[:2]} <= columns.keys():
            report.skip("history", SkipRow("no list of articles, or of their times"))
            continue
        if len(lengths) != 1:
            report.skip("history", SkipRow("its lists have different lengths", f"found {sorted(lengths)}"))
            continue
        empty = [None] * lengths.pop()
        values = (columns.get(name, empty) for name in _READS)
        clicks = (_click(row["user_id"], *read) for read in zip(*values, strict=True))
        yield from _new(clicks, known, report)


def _new(clicks: Iterable[dict[str, Any]], known: KnownClicks, report: ImportReport) -> Iterator[dict[str, Any]]:
    for click in clicks:
        if known.has(click["user_id"], click["news_id"], click["time"]):
            report.skip("clicks", SkipRow(DUPLICATE_CLICK))
        else:
            yield click


def _click(user_id: object, news_id: object, time: object, seconds: object, percent: Any) -> dict[str, Any]:  # noqa: ANN401
    scroll = None if is_missing(percent) else percent / 100
    return {
        "user_id": user_id, "news_id": news_id, "time": _utc(time), "dwell_seconds": seconds, "scroll": scroll
    }  # fmt: skip


def _list_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an impression with our names of its columns; `clicks` and `read` hold what became of it."""
    named = {ours: row[theirs] for theirs, ours in _LIST.items() if theirs in row}
    device: Any = row.get("device_type")
    named["device"] = None if is_missing(device) else _DEVICES.get(device, "unknown")
    named["clicks"] = row.get("article_ids_clicked") or []
    named["read"] = [row.get("next_read_time"), row.get("next_scroll_percentage")]
    return named | {"time": _utc(named["time"])}


def _clicks(impressions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the clicks of impressions; the read is known of the single click of a list, not which of several it is."""
    for row in impressions:
        read = row["read"] if len(set(row["clicks"])) == 1 else (None, None)
        for news_id in row["clicks"]:  # an article that is named twice is counted as a duplicate click
            yield _click(row["user_id"], news_id, row["time"], *read)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch
