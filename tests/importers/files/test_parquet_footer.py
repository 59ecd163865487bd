import pyarrow as pa
import pytest
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.files.file_rows import read_rows
from broadsheet.importers.files.parquet_footer import column_sizes


def test_a_footer_tells_the_values_and_bytes_of_each_column_as_pyarrow_does(tmp_path):
    table = pa.table({"a": ["x", "y", None] * 7, "b": [[1, 2], [], [3]] * 7, "c": [{"d": True}] * 21})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=10, compression="zstd")
    metadata = parquet.ParquetFile(tmp_path / "a.parquet").metadata
    expected = []
    for group in range(3):
        for place in range(3):
            column = metadata.row_group(group).column(place)
            name = column.path_in_schema.split(".")[0]
            expected.append((name, column.num_values, column.total_uncompressed_size))
    assert list(column_sizes(tmp_path / "a.parquet")) == expected


def test_every_damage_of_a_footer_is_an_error_or_no_harm(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"news_id": ["x", "y"]}), path)
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(footer, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            assert len(list(read_rows(path, ["news_id"], pytest.fail))) <= 2
        except CorpusError as error:
            assert "a.parquet" in str(error)
