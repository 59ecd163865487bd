"""Write EB-NeRD's demo set as tables that `broadsheet import tables` takes: news, clicks and impressions, as Parquet.

The set has no publication times: an article counts as published when it is first shown or read. Clicks are those of
all histories and impressions, each once.

Example: python scripts/ebnerd_tables.py ebnerd ebnerd-tables
"""

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer

from broadsheet.cli.script import make_out, run

SPLITS = {"train": "train", "valid": "validation"}


def events(table: pa.Table, articles: str, *more: str) -> pa.Table:
    """Return a row for each article of a column of lists; lists of other columns have a value for each article."""
    parents, columns = pc.list_parent_indices(table[articles]), [pc.list_flatten(table[articles])]
    for name in more:
        values = table[name]
        lists = pa.types.is_large_list(values.type)
        columns.append(pc.list_flatten(values) if lists else values.combine_chunks().take(parents.combine_chunks()))
    return pa.table(columns, names=["article", *(["time", "user"][: len(more)])])


def write(
    data: Annotated[Path, typer.Argument(help="Folder with articles.parquet, train and validation.")],
    out: Annotated[Path, typer.Argument(help="Folder for the tables.")],
) -> None:
    """Write news.parquet, clicks.parquet, impressions-train.parquet and impressions-valid.parquet."""
    make_out(out, "OUT")
    seen, clicked = [], []
    for name, folder in SPLITS.items():
        lists, read = (
            pq.read_table(data / folder / f"{part}.parquet").combine_chunks() for part in ("behaviors", "history")
        )
        histories = events(read, "article_id_fixed", "impression_time_fixed", "user_id")
        clicked += [histories, events(lists, "article_ids_clicked", "impression_time", "user_id")]
        seen += [events(lists, "article_ids_inview", "impression_time"), histories.select(["article", "time"])]
        named = {"impression_id": "impression_id", "user_id": "user_id", "impression_time": "time"}
        named |= {"article_ids_inview": "shown", "article_ids_clicked": "clicked_ids"}
        pq.write_table(lists.select([*named]).rename_columns([*named.values()]), out / f"impressions-{name}.parquet")
    clicks = pa.concat_tables(clicked).rename_columns(["news_id", "time", "user_id"])
    pq.write_table(clicks.group_by(clicks.column_names).aggregate([]), out / "clicks.parquet")
    first = (
        pa.concat_tables(seen)
        .group_by("article")
        .aggregate([("time", "min")])
        .rename_columns(["news_id", "published_at"])
    )
    news = pq.read_table(data / "articles.parquet", columns=["article_id", "title", "subtitle", "category"])
    news = news.rename_columns(["news_id", "title", "abstract", "category"]).join(
        first.set_column(0, "news_id", first["news_id"].cast(pa.int64())), "news_id"
    )
    pq.write_table(news.append_column("language", pa.array(["da"] * len(news))), out / "news.parquet")


if __name__ == "__main__":
    run(write)
