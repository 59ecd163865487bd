"""What the tests of the corpus share: the newsroom of two articles, and rows for it."""

from datetime import UTC, datetime

from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def impression(impression_id, **values):
    row = {"user_id": "u", "time": NOON, "history": ["a"], "shown": ["a", "b"], "clicked": [True, False]}
    return {"impression_id": impression_id, **row, **values}


def news(newsroom):
    return read_table(newsroom.news, NEWS)
