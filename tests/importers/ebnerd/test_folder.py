"""What is wrong with a folder of EB-NeRD is one error, and nothing is imported."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.ebnerd.folder import find_files
from broadsheet.importers.ebnerd.splits import import_ebnerd
from broadsheet.newsroom import Newsroom
from tests.importers.ebnerd.folder_of import ARTICLES, noon, write_folder, write_history, write_lists


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "ebnerd")


def test_all_missing_and_damaged_files_are_named_together_and_nothing_is_made(folder, tmp_path):
    newsroom = Newsroom(tmp_path / "newsroom")
    (folder / "articles.parquet").unlink()
    whole = (folder / "train/behaviors.parquet").read_bytes()
    (folder / "train/behaviors.parquet").write_bytes(whole[:-20])
    (folder / "train/history.parquet").write_bytes(b"")
    with pytest.raises(CorpusError) as error:
        import_ebnerd(folder, newsroom, "train")
    assert f"{folder / 'articles.parquet'}: no such file" in str(error.value)
    assert f"{folder / 'train/behaviors.parquet'}: not readable as PARQUET" in str(error.value)
    assert f"{folder / 'train/history.parquet'}: the file is empty" in str(error.value)
    assert "Expected a folder of EB-NeRD" in str(error.value)
    assert not newsroom.path.exists()


def test_a_split_that_is_not_there_is_named_with_its_files(folder):
    with pytest.raises(CorpusError, match=r"test/behaviors\.parquet: no such file(.|\n)*test/history\.parquet"):
        find_files(folder, "test")


def test_missing_columns_and_columns_of_another_type_are_named_together(folder):
    parquet.write_table(pa.table(ARTICLES).drop_columns(["title"]), folder / "articles.parquet")
    write_lists(folder / "train", [(50, 7, noon(5), [2], [])], article_ids_inview=["2 3"], impression_time=None)
    write_history(folder / "train", {7: [(1, noon(1), 1.0, 1.0)]}, impression_time_fixed=[[1]])
    with pytest.raises(CorpusError) as error:
        find_files(folder, "train")
    assert "expected also title" in str(error.value) and "expected also impression_time" in str(error.value)
    assert "column 'article_ids_inview' is string, expected a list of ids" in str(error.value)
    assert "column 'impression_time_fixed' is list<" in str(error.value)
    assert "expected a list of times" in str(error.value)


@pytest.mark.parametrize(
    ("name", "column", "values", "expected"),
    [
        ("articles", "article_id", [[1], [2], [3], [4]], "ids"),
        ("articles", "title", [["A"], ["B"], ["C"], ["D"]], "a single value"),
        ("articles", "subcategory", [{"a": 1}] * 4, "a list of ids, or a text"),
        ("train/behaviors", "device_type", [[2]], "a number"),
        ("train/behaviors", "device_type", ["mobile"], "a number"),
        ("train/behaviors", "session_id", [[21]], "a single value"),
        ("train/behaviors", "user_id", [True], "ids"),
        ("train/behaviors", "article_ids_inview", [[[2], [3]]], "a list of ids"),
        ("train/behaviors", "article_ids_clicked", [[{"a": 3}]], "a list of ids"),
        ("validation/history", "article_id_fixed", [[[1]]], "a list of ids"),
    ],
)
def test_a_column_of_another_type_is_an_error_that_says_what_is_expected(folder, name, column, values, expected):
    path = folder / f"{name}.parquet"
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(table.schema.get_field_index(column), column, [values]), path)
    with pytest.raises(CorpusError, match=rf"{name}\.parquet: column '{column}' is .*, expected {expected}\n"):
        find_files(folder, "train")


def test_damage_in_the_middle_of_a_file_is_an_error_and_leaves_the_newsroom_as_it_was(folder, tmp_path):
    newsroom = Newsroom(tmp_path / "newsroom")
    import_ebnerd(folder, newsroom, "train")
    before = {path.name: path.read_bytes() for path in newsroom.news.parent.iterdir()}
    data = bytearray((folder / "validation/history.parquet").read_bytes())
    data[4:60] = b"\xff" * 56
    (folder / "validation/history.parquet").write_bytes(data)
    with pytest.raises(CorpusError, match=r"history\.parquet: not readable as PARQUET"):
        import_ebnerd(folder, newsroom, "validation")
    assert {path.name: path.read_bytes() for path in newsroom.news.parent.iterdir()} == before


def test_other_splits_are_read_only_for_times_that_the_articles_lack(folder):
    assert len(find_files(folder, "train").appearances) == 4
    times = pa.array([noon(1)] * 4, pa.timestamp("us"))
    parquet.write_table(pa.table({**ARTICLES, "published_time": times}), folder / "articles.parquet")
    (folder / "validation/history.parquet").unlink()
    assert not find_files(folder, "train").appearances
