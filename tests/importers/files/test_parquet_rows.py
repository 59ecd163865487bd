from uuid import UUID

import pyarrow as pa
import pytest
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.files.file_rows import column_names, read_rows
from tests.importers.alpha_and_beta import NOON


def read(path, skip=pytest.fail):
    return list(read_rows(path, column_names(path), skip))


def test_a_time_in_a_zone_that_python_does_not_know_is_the_same_instant_in_utc(tmp_path):
    times = pa.array([NOON], pa.timestamp("us", "tzutc()"))
    parquet.write_table(pa.table({"time": times}), tmp_path / "clicks.parquet")
    (row,) = read(tmp_path / "clicks.parquet")
    assert row["time"] == NOON


def test_ids_of_every_kind_of_text_are_texts(tmp_path):
    uuid = UUID("dc6efd0f-9cbb-4d49-bb7a-e07a26b60e01")
    columns = {
        "uuid": pa.array([uuid.bytes], pa.uuid()),
        "binary": pa.array([b"n\xc3\xbc"], pa.binary()),
        "large": pa.array(["n"], pa.large_string()),
        "view": pa.array(["n"], pa.string_view()),
        "words": pa.array(["n"]).dictionary_encode(),
        "history": pa.array([[b"a", b"b"]], pa.list_(pa.binary())),
    }
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    expected = {"uuid": str(uuid), "binary": "nü", "large": "n", "view": "n", "words": "n", "history": ["a", "b"]}
    assert read(tmp_path / "a.parquet") == [expected]


def test_row_groups_with_words_of_their_own_are_read_in_order(tmp_path):
    titles = [f"Title {number % 7}" if number < 500 else None if number % 2 else "Other" for number in range(1000)]
    parquet.write_table(pa.table({"title": titles}), tmp_path / "a.parquet", row_group_size=300)
    assert [row["title"] for row in read(tmp_path / "a.parquet")] == titles


def test_a_folder_and_a_pattern_stand_for_their_files_in_the_order_of_their_names(tmp_path):
    for number, columns in enumerate([{"news_id": ["a"]}, {"news_id": ["b"], "title": ["B"]}]):
        parquet.write_table(pa.table(columns), tmp_path / f"part-{number}.parquet")
    (tmp_path / "_SUCCESS").touch()
    for path in (tmp_path, tmp_path / "part-*.parquet"):
        assert column_names(path) == ["news_id", "title"]
        assert read(path) == [{"news_id": "a"}, {"news_id": "b", "title": "B"}]
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(CorpusError, match=r"notes\.txt: the suffix is not one of"):
        read(tmp_path)
    with pytest.raises(CorpusError, match=r"other-\*: no file has such a name"):
        read(tmp_path / "other-*")


def test_a_folder_inside_a_folder_is_named_and_not_passed_over(tmp_path):
    (tmp_path / "day=1").mkdir()
    (tmp_path / "day=1" / "a.csv").write_text("news_id,title\n1,One\n")
    (tmp_path / "b.csv").write_text("news_id,title\n2,Two\n")
    with pytest.raises(CorpusError, match="day=1: a folder inside a folder, which is not read; name its files"):
        column_names(tmp_path)
    assert column_names(tmp_path / "day=1") == ["news_id", "title"]
