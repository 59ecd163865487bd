"""Columns that are not ours: named in the report, and kept where an import is asked to."""

import pytest

from broadsheet.errors import CorpusError
from broadsheet.importers.dataset import import_dataset
from broadsheet.importers.own import import_own
from broadsheet.importers.tables import import_tables
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.own_parts import OwnParts
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.kept import kept_values
from broadsheet.tables.schemas import NEWS
from tests.importers.test_tables import write_csv, write_jsonl, write_parquet

ROWS = [
    {"news_id": "1", "title": "Dam", "image_url": "https://a.example/1.jpg", "author": "Ann\u202e", "mood": "calm"},
    {"news_id": "2", "title": "Cup", "image_url": None, "author": "Bo", "mood": "wild"},
]
KEPT = {
    "1": {"image_url": "https://a.example/1.jpg", "author": "Ann"},
    "2": {"image_url": "", "author": "Bo"},
}


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def kept(newsroom):
    return {row["news_id"]: kept_values(row["kept"]) for row in read_table(newsroom.news, NEWS).to_pylist()}


@pytest.mark.parametrize("suffix, write", [(".csv", write_csv), (".jsonl", write_jsonl), (".parquet", write_parquet)])
def test_columns_to_keep_come_into_the_news_table_and_others_are_named(newsroom, tmp_path, suffix, write):
    file = tmp_path / f"articles{suffix}"
    write(file, ROWS)
    report = import_tables(newsroom, file, None, None, {}, ["image_url", "author"])
    assert kept(newsroom) == KEPT
    assert "columns of news that were not taken: mood (keep them: --keep mood)" in str(report)
    assert report.to_dict()["left_out"] == {"news": ["mood"]}


def test_columns_of_clicks_and_readers_that_are_not_taken_are_named_too(newsroom, tmp_path):
    write_jsonl(tmp_path / "news.jsonl", ROWS)
    write_csv(tmp_path / "clicks.csv", [{"user_id": "u", "news_id": "1", "time": "2026-01-02", "device": "tv"}])
    write_csv(tmp_path / "users.csv", [{"user_id": "u", "age": "7"}])
    report = import_tables(newsroom, tmp_path / "news.jsonl", tmp_path / "clicks.csv", tmp_path / "users.csv", {})
    assert report.left_out["clicks"] == ["device"] and report.left_out["users"] == ["age"]
    assert sorted(report.left_out["news"]) == ["author", "image_url", "mood"]
    assert "columns of clicks that were not taken: device\n" in str(report)


def test_a_data_sets_columns_are_kept_and_named(newsroom, tmp_path):
    write_csv(tmp_path / "articles.csv", ROWS)
    report = import_dataset(newsroom, str(tmp_path / "articles.csv"), "news", {}, keep=["author", "image_url"])
    assert kept(newsroom) == KEPT and report.left_out == {"news": ["mood"]}


def test_an_importer_of_the_sites_own_keeps_columns_and_the_others_are_named(newsroom, tmp_path):
    parts = OwnParts(importers={"feed": lambda path: [("news", row) for row in ROWS]})
    report = import_own(newsroom, "feed", tmp_path, parts, keep=["author", "image_url"])
    assert kept(newsroom) == KEPT and report.left_out == {"news": ["mood"]}


def test_what_cannot_be_kept_is_said_before_anything_is_imported(newsroom, tmp_path):
    write_csv(tmp_path / "news.csv", ROWS)
    with pytest.raises(CorpusError, match=r"keep title: .* taken anyway\n.*keep autor: .* has no column 'autor'"):
        import_tables(newsroom, tmp_path / "news.csv", None, None, {}, ["title", "autor", "mood"])
    with pytest.raises(CorpusError, match="keep mood: found no file of articles"):
        import_tables(newsroom, None, None, tmp_path / "news.csv", {"user_id": "news_id"}, ["mood"])
    with pytest.raises(CorpusError, match="keep mood: only columns of articles are kept, and the table is users"):
        import_dataset(newsroom, str(tmp_path / "news.csv"), "users", {"user_id": "news_id"}, keep=["mood"])
    assert not newsroom.path.exists()


def test_an_odd_value_of_a_kept_column_costs_no_article(newsroom):
    with Import(newsroom, keep=["tags", "odd"]) as add:
        add.news([{"news_id": "1", "title": "Dam", "tags": ["a", "b"], "odd": "half \ud83d emoji"}])
    assert kept(newsroom) == {"1": {"tags": '["a", "b"]', "odd": "half ? emoji"}}


def test_a_row_of_a_news_table_brings_its_kept_columns_along(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "1", "title": "Dam", "kept": [{"name": "author", "value": "Ann"}]}])
        add.news([{"news_id": "2", "title": "Cup", "kept": {"author": "Bo"}}])
    assert kept(newsroom) == {"1": {"author": "Ann"}, "2": {"author": "Bo"}} and not add.report.left_out


def test_the_option_names_columns_by_commas(command, tmp_path):
    write_csv(tmp_path / "news.csv", ROWS)
    code, out, _ = command("import", "tables", "--news", "news.csv", "--keep", "author, image_url", "--into", "room")
    assert code == 0 and "not taken: mood (keep them: --keep mood)" in out
    assert kept(Newsroom(tmp_path / "room")) == KEPT
    code, _, err = command("import", "tables", "--news", "news.csv", "--keep", "author,,mood", "--into", "room")
    assert code == 2 and "--keep: found 'author,,mood', expected names of columns" in err
    code, _, err = command("import", "tables", "--news", "news.csv", "--keep", "autor", "--into", "room")
    assert code == 2 and "--keep autor: news.csv has no column 'autor'" in err


@pytest.mark.parametrize("again", ["tables", "dataset", "own"])
def test_a_later_import_keeps_the_columns_that_the_newsroom_keeps(newsroom, tmp_path, again):
    file = tmp_path / "articles.jsonl"
    write_jsonl(file, ROWS)
    import_tables(newsroom, file, None, None, {}, ["image_url", "author"])
    if again == "tables":
        import_tables(newsroom, file, None, None, {})
    elif again == "dataset":
        import_dataset(newsroom, str(file), "news", {})
    else:
        import_own(newsroom, "mine", file, OwnParts(importers={"mine": lambda _: (("news", row) for row in ROWS)}))
    assert kept(newsroom) == KEPT
    if again == "tables":
        import_tables(newsroom, file, None, None, {}, [])
        assert kept(newsroom) == {"1": {}, "2": {}}
