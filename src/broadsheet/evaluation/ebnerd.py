"""EB-NeRD's demo set as the tables of an import: news, clicks and impressions.

The set has no publication times: an article counts as published when it is first shown or read.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

SPLITS = {"train": "train", "valid": "validation"}
"""Our name of each split, and its folder in the data set."""
_IMPRESSIONS = {
    "impression_id": "impression_id",
    "user_id": "user_id",
    "impression_time": "time",
    "article_ids_inview": "shown",
    "article_ids_clicked": "clicked_ids",
}
_NEWS = {"article_id": "news_id", "title": "title", "subtitle": "abstract", "category": "category"}


def write_ebnerd_tables(data: Path, out: Path) -> None:
    """Write news, clicks, impressions-train and impressions-valid as Parquet files into the folder `out`.

    `data` is the folder of the demo set: articles.parquet, and a folder for each split with behaviors.parquet and
    history.parquet. Clicks are those of all histories and impressions, each once. Articles that nobody was shown or
    read have no publication time.
    """
    clicks, seen = [], []
    for name, folder in SPLITS.items():
        lists, histories = (_read(data / folder / f"{part}.parquet") for part in ("behaviors", "history"))
        read = _events(histories, "article_id_fixed", "impression_time_fixed")
        clicks += [read, _events(lists, "article_ids_clicked", "impression_time")]
        seen += [read, _events(lists, "article_ids_inview", "impression_time")]
        parquet.write_table(_renamed(lists, _IMPRESSIONS), out / f"impressions-{name}.parquet")
    clicked = pa.concat_tables(clicks)
    parquet.write_table(clicked.group_by(clicked.column_names).aggregate([]), out / "clicks.parquet")
    parquet.write_table(_with_times(_read(data / "articles.parquet"), pa.concat_tables(seen)), out / "news.parquet")


def _read(path: Path) -> pa.Table:
    return parquet.read_table(path).combine_chunks()


def _renamed(table: pa.Table, names: dict[str, str]) -> pa.Table:
    return table.select([*names]).rename_columns([*names.values()])


def _events(table: pa.Table, articles: str, times: str) -> pa.Table:
    """Return a row for each article of a column of lists: article, time, reader.

    The column `times` has a list like that of the articles, or a single time for the whole list.
    """
    row = pc.list_parent_indices(table[articles]).combine_chunks()
    time, is_list = table[times], pa.types.is_large_list(table.schema.field(times).type)
    return pa.table(
        {
            "news_id": pc.list_flatten(table[articles]),
            "time": pc.list_flatten(time) if is_list else time.take(row),
            "user_id": table["user_id"].take(row),
        }
    )


def _with_times(articles: pa.Table, seen: pa.Table) -> pa.Table:
    """Return table news: Danish articles, each published when an event of `seen` first names it."""
    first = seen.group_by("news_id").aggregate([("time", "min")]).rename_columns(["news_id", "published_at"])
    first = first.set_column(0, "news_id", first["news_id"].cast(pa.int64()))
    news = _renamed(articles, _NEWS).join(first, "news_id")
    return news.append_column("language", pa.repeat("da", len(news)))
