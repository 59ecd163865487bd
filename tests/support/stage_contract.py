"""What holds of every stage that turns a users table into a list for each user, and a catalogue to try stages on."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.corpus.catalogue import Catalogue, make_catalogue
from broadsheet.readers.mutes import NO_MUTES
from broadsheet.readers.state import reader_state, reader_states
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import NEWS, USERS, news_vectors
from broadsheet.tables.vectors import vectors_to_arrow

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def hours(count: float) -> datetime:
    """The time `count` hours after noon."""
    return NOON + timedelta(hours=count)


def unit(vectors) -> np.ndarray:
    """The vectors at unit length."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def news_table(count: int, **columns) -> pa.Table:
    """Articles N0, N1, … with default columns, or with a list for each column named."""
    rows = []
    for number in range(count):
        row = {"news_id": f"N{number}", "title": f"Title {number}", "abstract": "", "body": "", "category": ""}
        row |= {"subcategory": "", "language": "", "source": "", "url": "", "published_at": None}
        row |= {"content_hash": f"{number:016x}"}
        rows.append(row | {name: values[number] for name, values in columns.items()})
    return from_rows(rows, NEWS)


def catalogue_of(vectors, **columns) -> Catalogue:
    """Articles N0, N1, … with these vectors, brought to unit length."""
    vectors = unit(vectors)
    news = news_table(len(vectors), **columns)
    columns = [news.column("news_id"), news.column("content_hash"), vectors_to_arrow(vectors)]
    return make_catalogue(news, pa.table(columns, schema=news_vectors(vectors.shape[1])))


def users_table(*users) -> pa.Table:
    """Users from dictionaries with what is to be known of them beside their id."""
    return from_rows([{"history": [], "profile": "", "hidden": [], **user} for user in users], USERS)


class OfTables:
    """A retriever or a re-ranker that takes its readers as a table users, or one of them as a row of it."""

    def __init__(self, stage, catalogue):
        self.stage, self.catalogue = stage, catalogue

    def __call__(self, users, *args, mutes=NO_MUTES, **options):
        return self.stage(reader_states(users, self.catalogue, mutes), *args, **options)

    def vectors(self, users):
        return self.stage.vectors(reader_states(users, self.catalogue))

    def describe(self, user, *args):
        return self.stage.describe(reader_state(user, self.catalogue), *args)

    def signals(self, user, candidates):
        return self.stage.signals([reader_state(user, self.catalogue)], [candidates])[0]

    def scores(self, user, candidates):
        return self.stage.scores([reader_state(user, self.catalogue)], [candidates])[0]


def lists_by_user(table: pa.Table) -> dict[str, list[dict]]:
    """The rows of each user, in the table's order."""
    lists = {}
    for row in table.to_pylist():
        lists.setdefault(row["user_id"], []).append(row)
    return lists


def check_stage(stage, users: pa.Table, schema: pa.Schema) -> None:
    """Hold `stage`, a callable from users to a table with a list for each, to what all stages promise."""
    before = users.to_pylist()
    table = stage(users)
    assert len(table) > 0
    assert table.schema.equals(schema, check_metadata=True)
    assert stage(users).equals(table), "the same input twice gives the same output"
    assert users.to_pylist() == before, "the input is as it was"
    nobody = stage(users.slice(0, 0))
    assert len(nobody) == 0 and nobody.schema.equals(schema, check_metadata=True)
    for rows in (lists := lists_by_user(table)).values():
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert len({row["news_id"] for row in rows}) == len(rows)
    check_same_lists(stage(users.take(pa.array(range(len(users) - 1, -1, -1)))), lists)
    alone = pa.concat_tables([stage(users.slice(number, 1)) for number in range(len(users))])
    check_same_lists(alone, lists)


def check_same_lists(table: pa.Table, lists: dict[str, list[dict]]) -> None:
    """The table holds these lists, whatever the order of its users; numbers may differ by rounding."""
    found = lists_by_user(table)
    assert set(found) == set(lists)
    for user_id, rows in lists.items():
        assert len(found[user_id]) == len(rows)
        for row, other in zip(rows, found[user_id], strict=True):
            assert other == {k: pytest.approx(v, abs=1e-6) if isinstance(v, float) else v for k, v in row.items()}
