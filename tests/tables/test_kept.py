from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.kept import kept_column, kept_names, kept_rows, kept_text, kept_values
from broadsheet.tables.live_schemas import late_news
from broadsheet.tables.schemas import NEWS
from tests.support.stage_contract import news_table


@pytest.mark.parametrize(
    "value, text",
    [
        ("Ann", "Ann"),
        (True, "true"),
        (False, "false"),
        (np.True_, "true"),
        (7, "7"),
        (2.5, "2.5"),
        (None, ""),
        (float("nan"), ""),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (["a", "b"], '["a", "b"]'),
        ({"alt": "Ünï"}, '{"alt": "Ünï"}'),
        (b"a", "a"),
    ],
)
def test_a_value_of_any_type_is_kept_as_text(value, text):
    assert kept_text(value) == text


def test_a_kept_column_has_a_text_for_each_article():
    kept = [kept_rows({"author": "Ann", "paywall": "true"}), [], kept_rows({"author": "Bo"})]
    news = news_table(3, kept=kept)
    for table in (news, pa.concat_tables([news.slice(0, 1), news.slice(1)]), news.slice(0, 3)):
        assert kept_names(table) == ["author", "paywall"]
        assert kept_column(table, "author") == ["Ann", "", "Bo"] and kept_column(table, "paywall") == ["true", "", ""]
        assert kept_column(table, "none") == ["", "", ""]
    assert kept_column(news.slice(2), "author") == ["Bo"] and kept_names(news.slice(1, 1)) == []
    assert kept_values(kept[0]) == {"author": "Ann", "paywall": "true"}
    assert kept_names(NEWS.empty_table()) == []


LATER = {b"1": {"kept", "embargo_until", "expires_at"}, b"2": {"embargo_until", "expires_at"}}
"""The columns that a table of an earlier version does not have."""


def earlier(schema, version):
    """The schema as an earlier version had it, or with another number as the first version had it."""
    fields = [field for field in schema if field.name not in LATER.get(version, LATER[b"1"])]
    return pa.schema(fields, metadata={b"table": schema.metadata[b"table"], b"version": version})


@pytest.mark.parametrize("version", LATER)
@pytest.mark.parametrize("schema", [NEWS, late_news(4)], ids=["news", "late_news"])
def test_a_file_of_an_earlier_version_is_read_with_empty_values_in_what_it_lacks(tmp_path, schema, version):
    row = news_table(1).to_pylist()[0] | {"vector": [1.0, 0, 0, 0]}
    old, missing = earlier(schema, version), LATER[version]
    rows = [{name: row[name] for name in old.names}]
    write_table(tmp_path / "old.arrow", pa.Table.from_pylist(rows, old), old, source="x")
    table = read_table(tmp_path / "old.arrow", schema, source="x")
    assert table.column_names == schema.names and table.column("kept").to_pylist() == [[]]
    assert [table.column(name).to_pylist() for name in ("embargo_until", "expires_at")] == [[None], [None]]
    assert table.drop_columns(sorted(missing)).to_pylist() == rows
    table.validate(full=True)
    write_table(tmp_path / "new.arrow", table, schema)
    assert read_table(tmp_path / "new.arrow", schema).equals(table)


@pytest.mark.parametrize("version", [b"0", b"4", b"x"])
def test_a_file_of_another_version_is_refused(tmp_path, version):
    old = earlier(NEWS, version)
    write_table(tmp_path / "old.arrow", old.empty_table(), old)
    with pytest.raises(ContractError, match="version is"):
        read_table(tmp_path / "old.arrow", NEWS)


def test_a_row_without_kept_columns_keeps_nothing():
    row = {name: value for name, value in news_table(1).to_pylist()[0].items() if name != "kept"}
    assert from_rows([row], NEWS).column("kept").to_pylist() == [[]]
