import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators.tables import column_names, lists, numbered, numbers

COLUMNS = {"reward": [1, None, 0.5], "user_id": ["b", "a", "b"], "news": [["N1", "N2"], [], ["N3"]]}
KINDS = [COLUMNS, pd.DataFrame(COLUMNS), pa.table(COLUMNS), {"reward": pa.array(COLUMNS["reward"])} | COLUMNS]


@pytest.mark.parametrize("table", KINDS, ids=["mapping", "pandas", "pyarrow", "mapping of arrow"])
def test_every_kind_of_table_gives_the_same_columns(table):
    assert {*column_names(table)} == {*COLUMNS}
    assert np.array_equal(numbers(table, "reward"), [1, np.nan, 0.5], equal_nan=True)
    assert numbered(table, "user_id").tolist() == [0, 1, 0]
    assert lists(table, "news") == COLUMNS["news"]


def test_what_is_no_table_no_number_and_no_list_is_refused():
    with pytest.raises(InputError, match="log: found str, expected a table of pandas"):
        column_names("log.csv")
    with pytest.raises(InputError, match="column 'user_id': found 'b', expected numbers"):
        numbers(COLUMNS, "user_id")
    with pytest.raises(InputError, match="column 'user_id', row 1: found 'b', expected a list"):
        lists(COLUMNS, "user_id")


def test_whole_numbers_flags_and_decimals_are_numbers():
    assert numbers({"a": np.array([True, False])}, "a").tolist() == [1, 0]
    assert numbers({"a": np.array([3, 4])}, "a").tolist() == [3, 4]
    assert numbers({"a": ["1.5", 2]}, "a").tolist() == [1.5, 2]
