"""A tiny folder of EB-NeRD: four articles, reader 7, and a list in each of two splits."""

from datetime import datetime

import pyarrow as pa
from pyarrow import parquet

IDS, TIMES, NUMBERS = pa.large_list(pa.int32()), pa.large_list(pa.timestamp("us")), pa.large_list(pa.float32())
ARTICLES = {"article_id": [1, 2, 3, 4], "title": ["A", "B", "C", "D"], "subtitle": ["x"] * 4, "category": ["140"] * 4}


def noon(day, minute=0):
    return datetime(2023, 5, day, 12, minute)


def write_articles(folder, **columns):
    parquet.write_table(pa.table({**ARTICLES, "subcategory": ["[133, 5]"] * 4, **columns}), folder / "articles.parquet")


def write_lists(folder, rows, **columns):
    """Write behaviors.parquet; a row is (impression id, reader, time, shown, clicked)."""
    ids, readers, times, shown, clicked = map(list, zip(*rows, strict=True))
    table = {
        "impression_id": pa.array(ids, pa.uint32()),
        "article_id": pa.array([None] * len(rows), pa.int32()),
        "impression_time": pa.array(times, pa.timestamp("us")),
        "device_type": pa.array([2] * len(rows), pa.int8()),
        "article_ids_inview": pa.array(shown, IDS),
        "article_ids_clicked": pa.array(clicked, IDS),
        "user_id": pa.array(readers, pa.uint32()),
        "age": pa.array([30] * len(rows), pa.int8()),
        "is_subscriber": [True] * len(rows),
        "session_id": pa.array([21] * len(rows), pa.uint32()),
        "next_read_time": pa.array([16.0] * len(rows), pa.float32()),
        "next_scroll_percentage": pa.array([25.0] * len(rows), pa.float32()),
    }
    found = {name: values for name, values in (table | columns).items() if values is not None}
    parquet.write_table(pa.table(found), folder / "behaviors.parquet")


def write_history(folder, reads, **columns):
    """Write history.parquet; `reads` has for each reader (article, time, seconds, percent)."""
    parts = [list(map(list, zip(*events, strict=True))) for events in reads.values()]
    table = {
        "user_id": pa.array(list(reads), pa.uint32()),
        "article_id_fixed": pa.array([part[0] for part in parts], IDS),
        "impression_time_fixed": pa.array([part[1] for part in parts], TIMES),
        "read_time_fixed": pa.array([part[2] for part in parts], NUMBERS),
        "scroll_percentage_fixed": pa.array([part[3] for part in parts], NUMBERS),
    }
    found = {name: values for name, values in (table | columns).items() if values is not None}
    parquet.write_table(pa.table(found), folder / "history.parquet")


def write_folder(folder):
    """Write the folder: reader 7 read 1 and 2, saw 2 and 3 on day 5 and clicked 3; later saw 3 and 4 and clicked 4.

    The history of split validation holds the click of split train again, with the time when the article was opened.
    """
    for split in ("train", "validation"):
        (folder / split).mkdir(parents=True)
    write_articles(folder)
    read = [(1, noon(1), 30.0, 100.0), (2, noon(6), 5.0, None)]
    write_history(folder / "train", {7: read})
    write_lists(folder / "train", [(50, 7, noon(5), [2, 3], [3])])
    write_history(folder / "validation", {7: [*read, (3, noon(5, 1), 16.0, 25.0)]})
    write_lists(folder / "validation", [(60, 7, noon(8), [3, 4], [4])])
    return folder
