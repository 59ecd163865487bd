import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators.tables import column_names, lists, numbered, numbers, readers_of

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
    with pytest.raises(InputError, match="column 'a': found '1000"):
        numbers({"a": [10**400]}, "a")


@pytest.mark.parametrize("read", [numbered, readers_of])
def test_ids_that_are_no_texts_and_no_numbers_are_refused(read):
    for wrong in (["a"], {"a": 1}):
        with pytest.raises(InputError, match=r"column 'who': found .*, expected texts or numbers"):
            read({"who": ["b", wrong]}, "who")


@pytest.mark.parametrize("missing", [None, float("nan"), "", pd.NA])
def test_missing_ids_are_refused_and_a_row_without_a_reader_is_a_reader_of_its_own(missing):
    table = {"who": ["a", missing, "a", missing]}
    assert readers_of(table, "who").tolist() == [0, 1, 0, 2]
    with pytest.raises(InputError, match="column 'who': 2 of 4 rows have no id"):
        numbered(table, "who")


def test_whole_numbers_flags_and_decimals_are_numbers():
    assert numbers({"a": np.array([True, False])}, "a").tolist() == [1, 0]
    assert numbers({"a": np.array([3, 4])}, "a").tolist() == [3, 4]
    assert numbers({"a": ["1.5", 2]}, "a").tolist() == [1.5, 2]
