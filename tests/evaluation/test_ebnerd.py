"""Tests of EB-NeRD's demo set as the tables of an import."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from broadsheet.evaluation.ebnerd import SPLITS, write_ebnerd_tables

IDS, TIMES = pa.large_list(pa.int32()), pa.large_list(pa.timestamp("us"))


def noon(day: int) -> datetime:
    return datetime(2023, 5, day, 12)


def write_set(folder: Path, history_days: list[int]) -> None:
    """Write a set of articles 1 to 4: reader 7 read 1 and 2; a list of day 5 showed 2 and 3, and 3 was clicked."""
    articles = {"article_id": [1, 2, 3, 4], "title": ["A", "B", "C", "D"], "subtitle": [""] * 4, "category": ["s"] * 4}
    parquet.write_table(pa.table(articles), folder / "articles.parquet")
    for part in SPLITS.values():
        (folder / part).mkdir()
        lists = {
            "impression_id": [50],
            "user_id": pa.array([7], pa.uint32()),
            "impression_time": pa.array([noon(5)], pa.timestamp("us")),
            "article_ids_inview": pa.array([[2, 3]], IDS),
            "article_ids_clicked": pa.array([[3]], IDS),
        }
        parquet.write_table(pa.table(lists), folder / part / "behaviors.parquet")
        history = {
            "user_id": pa.array([7], pa.uint32()),
            "impression_time_fixed": pa.array([[noon(day) for day in history_days]], TIMES),
            "article_id_fixed": pa.array([[1, 2]], IDS),
        }
        parquet.write_table(pa.table(history), folder / part / "history.parquet")


def rows(path: Path, order: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(path).sort_by(order).to_pylist()
    return found


def test_an_article_is_published_when_it_is_first_shown_or_read(tmp_path: Path) -> None:
    write_set(tmp_path, [1, 6])
    write_ebnerd_tables(tmp_path, tmp_path)
    news = rows(tmp_path / "news.parquet", "news_id")
    # Article 1 was read on day 1; 2 was shown on day 5, before it was read on day 6; nobody was shown article 4.
    assert [(row["news_id"], row["published_at"]) for row in news] == [
        (1, noon(1)),
        (2, noon(5)),
        (3, noon(5)),
        (4, None),
    ]
    assert {row["language"] for row in news} == {"da"}


def test_clicks_of_histories_and_of_lists_are_there_once(tmp_path: Path) -> None:
    write_set(tmp_path, [1, 2])
    write_ebnerd_tables(tmp_path, tmp_path)  # both splits hold the same clicks
    assert rows(tmp_path / "clicks.parquet", "news_id") == [
        {"news_id": 1, "time": noon(1), "user_id": 7},
        {"news_id": 2, "time": noon(2), "user_id": 7},
        {"news_id": 3, "time": noon(5), "user_id": 7},
    ]
    listed = {"impression_id": 50, "user_id": 7, "time": noon(5), "shown": [2, 3], "clicked_ids": [3]}
    assert rows(tmp_path / "impressions-valid.parquet", "impression_id") == [listed]
