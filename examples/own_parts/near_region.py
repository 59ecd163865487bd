"""A signal of your own: how near the region of an article is to the region of its reader.

Copy this file, change the two tables, and name the function in the newsroom's broadsheet.toml:

    [own.signals.near_region]
    call = "near_region:near_region"
    weight = 0.5
    reason = "Because it is from your region."

A region names its parts from the largest to the smallest, such as "europe/ireland/dublin". Two regions are near if they
begin with the same parts: "europe/ireland/cork" shares two of three parts with it.
"""

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

from broadsheet.own_parts import ReaderState

HERE = Path(__file__).parent


def near_region(reader: ReaderState, articles: pa.Table, as_of: datetime) -> list[float | None]:
    """Return for each article how near it is to the reader, 0 to 1; None if one of the two regions is unknown.

    `reader.user_id` is the reader, `articles` is a pyarrow table with the columns of the table news, and `as_of` is the
    time of the request, which this signal does not need.
    """
    home = region_of("reader_regions.csv").get(reader.user_id)
    regions = [region_of("subcategory_regions.csv").get(name) for name in articles["subcategory"].to_pylist()]
    return [nearness(home, region) if home and region else None for region in regions]


def nearness(home: str, region: str) -> float:
    """Return which share of the parts of the reader's region the article's region begins with, 0 to 1."""
    parts = home.split("/")
    same = 0
    for ours, theirs in zip(parts, region.split("/"), strict=False):
        if ours != theirs:
            break
        same += 1
    return same / len(parts)


@cache  # each table is read once
def region_of(table: str) -> dict[str, str]:
    """Return the region of each name in a table with the columns name and region."""
    with (HERE / table).open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["region"] for row in csv.DictReader(file)}
