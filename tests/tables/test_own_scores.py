import numpy as np
import pyarrow as pa
import pytest

from broadsheet.tables.arrow_files import empty, read_table, write_table
from broadsheet.tables.own_scores import new_own, own_column, own_scores
from broadsheet.tables.schemas import CANDIDATES, RANKED

NAN = np.nan


def test_the_column_holds_a_name_and_a_value_for_each_part_of_the_site():
    column = own_column({"near": np.array([0.5, NAN]), "picked": np.array([1.0, 2.0])}, 2)
    assert column.type == new_own("").type == RANKED.field("own").type == CANDIDATES.field("own").type
    assert column.to_pylist() == [
        [{"name": "near", "value": 0.5}, {"name": "picked", "value": 1.0}],
        [{"name": "near", "value": None}, {"name": "picked", "value": 2.0}],
    ]


@pytest.mark.parametrize(("scores", "count"), [({}, 3), ({}, 0), ({"near": np.zeros(0)}, 0)])
def test_without_parts_it_is_null_and_without_rows_it_is_empty(scores, count):
    assert own_column(scores, count).to_pylist() == [None] * count


def test_values_come_back_by_name_and_are_nan_where_a_row_has_none():
    first = own_column({"near": np.array([0.5, NAN]), "picked": np.array([1.0, 2.0])}, 2)
    column = pa.chunked_array([first, own_column({"near": np.array([0.25])}, 1), own_column({}, 1)])
    np.testing.assert_array_equal(own_scores(column, "near"), [0.5, NAN, 0.25, NAN])
    np.testing.assert_array_equal(own_scores(column.slice(1, 2), "picked"), [2.0, NAN])
    np.testing.assert_array_equal(own_scores(column, "far"), [NAN] * 4)
    assert own_scores(empty(RANKED).column("own"), "near").shape == (0,)


def test_the_column_survives_a_file(tmp_path):
    schema = pa.schema([new_own("Scores.")], metadata={"table": "scores", "version": "1"})
    table = pa.table([own_column({"near": np.array([0.5, NAN])}, 2)], schema=schema)
    write_table(tmp_path / "scores.arrow", table, schema)
    np.testing.assert_array_equal(own_scores(read_table(tmp_path / "scores.arrow", schema)["own"], "near"), [0.5, NAN])
