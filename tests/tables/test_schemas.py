"""Columns that came with a later version of a table are empty in files of the version before."""

import pyarrow as pa
import pytest

from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS

NOON = 1767355200000000
CLICK = {"user_id": "u", "news_id": "a", "time": NOON, "event": "click", "dwell_seconds": 2.5}
SHOWN = {"impression_id": "1", "user_id": "u", "time": NOON, "history": [], "shown": ["a"], "clicked": [True]}
READER = {"user_id": "u", "history": ["a"], "profile": "chess", "hidden": []}
LATER = {
    "clicks": ["scroll", "region"],
    "impressions": ["session_id", "device", "is_subscriber", "in_sight"],
    "users": ["reads", "acts"],
}


@pytest.mark.parametrize(
    ("schema", "row"),
    [(CLICKS, CLICK), (IMPRESSIONS, SHOWN), (USERS, READER)],
    ids=["clicks", "impressions", "users"],
)
def test_tables_of_version_1_are_read_with_their_later_columns_unknown(tmp_path, schema, row):
    table = schema.metadata[b"table"].decode()
    later = LATER[table]
    old = pa.schema([field for field in schema if field.name not in later], {"table": table, "version": "1"})
    write_table(tmp_path / "old.arrow", from_rows([row], old), old)
    found = read_table(tmp_path / "old.arrow", schema)
    assert found.column_names == schema.names and found.select(later).to_pylist() == [dict.fromkeys(later)]
    assert found.drop_columns(later).to_pylist() == read_table(tmp_path / "old.arrow", old).to_pylist()
    write_table(tmp_path / "new.arrow", found, schema)
    assert read_table(tmp_path / "new.arrow", schema).equals(found)
