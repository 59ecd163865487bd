"""Data sets of Hugging Face's `datasets`, as local files and folders."""

import gzip
import json
import re
import sys
from datetime import UTC, datetime

import datasets
import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.importers.dataset import import_dataset
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, NEWS, USERS

COLUMNS = {"news_id": "article", "title": "headline", "category": "label"}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def articles(*ids):
    """A data set of articles whose category is a label."""
    features = {"article": "string", "headline": "string", "published_at": "timestamp[us, tz=UTC]", "more": "int64"}
    kinds = {name: datasets.Value(kind) for name, kind in features.items()}
    labels = datasets.ClassLabel(names=["sports", "world"])
    rows = [
        {"article": news_id, "headline": f"Title {news_id}", "published_at": NOON, "more": 1, "label": row % 2}
        for row, news_id in enumerate(ids)
    ]
    return datasets.Dataset.from_list(rows, features=datasets.Features({**kinds, "label": labels}))


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def news(newsroom):
    return [(row["news_id"], row["title"], row["category"]) for row in read_table(newsroom.news, NEWS).to_pylist()]


def write_gzip(data, path):
    plain = path.with_suffix("")
    data.to_json(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))


def write_folder(data, path):
    path.mkdir()
    data.to_parquet(path / "train-00000.parquet")


def write_splits(data, path):
    datasets.DatasetDict({"train": data, "test": articles("other")}).save_to_disk(path)


WRITERS = {
    "news.parquet": lambda data, path: data.to_parquet(path),
    "news.csv": lambda data, path: data.to_csv(path),
    "news.tsv": lambda data, path: data.to_csv(path, sep="\t"),
    "news.jsonl": lambda data, path: data.to_json(path),
    "news.jsonl.gz": write_gzip,
    "folder": write_folder,
    "saved": lambda data, path: data.save_to_disk(path),
    "splits": write_splits,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_of_a_data_set_gives_the_same_articles(tmp_path, newsroom, name):
    WRITERS[name](articles("007", "b"), tmp_path / name)
    report = import_dataset(newsroom, str(tmp_path / name), "news", COLUMNS)
    categories = ["0", "1"] if name.startswith("news.") and name != "news.parquet" else ["sports", "world"]
    assert news(newsroom) == [("007", "Title 007", categories[0]), ("b", "Title b", categories[1])]
    assert read_table(newsroom.news, NEWS)["published_at"].to_pylist() == [NOON, NOON]
    assert report.taken == {"news": 2, "users": 0, "clicks": 0} and not report.skipped


def test_a_split_is_taken_by_its_name_and_an_unknown_split_is_an_error_that_names_those_there_are(tmp_path, newsroom):
    write_splits(articles("a"), tmp_path / "splits")
    import_dataset(newsroom, str(tmp_path / "splits"), "news", COLUMNS, split="test")
    assert [row[0] for row in news(newsroom)] == ["other"]
    with pytest.raises(
        CorpusError, match=r"^split: found 'valid', expected one of: train, test\. These are the splits of .*splits\.$"
    ):
        import_dataset(newsroom, str(tmp_path / "splits"), "news", COLUMNS, split="valid")


def test_clicks_and_readers_are_taken_too_and_bad_rows_are_counted(tmp_path, newsroom):
    articles("a").to_parquet(tmp_path / "news.parquet")
    import_dataset(newsroom, str(tmp_path / "news.parquet"), "news", COLUMNS)
    clicks = [{"user_id": 1, "news_id": "a", "time": "2026-01-02T13:00"}, {"user_id": 1, "news_id": "z", "time": NOON}]
    datasets.Dataset.from_list([{**row, "time": str(row["time"])} for row in clicks]).to_json(tmp_path / "clicks.jsonl")
    report = import_dataset(newsroom, str(tmp_path / "clicks.jsonl"), "clicks", {})
    assert report.taken["clicks"] == 1 and report.skipped == {"clicks: article not known": 1}
    assert read_table(newsroom.clicks, CLICKS)["user_id"].to_pylist() == ["1"]
    datasets.Dataset.from_list([{"user_id": "u", "history": ["a"]}]).to_parquet(tmp_path / "users.parquet")
    datasets.Dataset.from_list([{"user_id": "v", "history": "a b"}]).to_csv(tmp_path / "users.csv")
    for name in ("users.parquet", "users.csv"):
        import_dataset(newsroom, str(tmp_path / name), "users", {})
    assert read_table(newsroom.users, USERS)["history"].to_pylist() == [["a"], ["a", "b"]]


def test_a_row_without_a_label_has_no_category(tmp_path, newsroom):
    data = articles("a", "b").map(lambda row: {"label": -1 if row["article"] == "a" else None})
    data.save_to_disk(tmp_path / "saved")
    import_dataset(newsroom, str(tmp_path / "saved"), "news", COLUMNS)
    assert [row[2] for row in news(newsroom)] == ["", ""]


@pytest.mark.parametrize("name", ["folder", "folder/loader.py"])
def test_a_loading_script_is_an_error_and_is_not_run(tmp_path, newsroom, name):
    write_folder(articles("a"), tmp_path / "folder")
    (tmp_path / "folder" / "loader.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(
        CorpusError, match=r"found loader\.py, a loading script\. Broadsheet runs no code of a data set"
    ):
        import_dataset(newsroom, str(tmp_path / name), "news", COLUMNS)
    assert not (tmp_path / "ran").exists() and not newsroom.path.exists()


@pytest.mark.parametrize("named", ["../letters.csv", "{parent}/letters.csv", "https://example.org/letters.csv"])
def test_a_data_set_that_names_files_outside_its_folder_is_refused(tmp_path, newsroom, named):
    (tmp_path / "letters.csv").write_text("news_id,title\nL1,Dear Anna\n", "utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    where = named.format(parent=tmp_path)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files: {where}\n---\n", "utf-8")
    with pytest.raises(CorpusError):
        import_dataset(newsroom, str(folder), "news", {})
    assert not newsroom.news.exists()


def test_the_values_of_a_csv_file_are_texts_whatever_they_look_like(tmp_path, newsroom):
    (tmp_path / "a.csv").write_text('news_id,title,abstract\n007,Seven,NULL\nNA,"null","None"\n', "utf-8")
    import_dataset(newsroom, str(tmp_path / "a.csv"), "news", {})
    assert read_table(newsroom.news, NEWS).select(["news_id", "title", "abstract"]).to_pylist() == [
        {"news_id": "007", "title": "Seven", "abstract": ""},
        {"news_id": "NA", "title": "null", "abstract": "None"},
    ]


def test_missing_columns_and_wrong_mappings_come_in_one_error_and_nothing_is_made(tmp_path, newsroom):
    articles("a").to_parquet(tmp_path / "news.parquet")
    with pytest.raises(CorpusError) as error:
        import_dataset(newsroom, str(tmp_path / "news.parquet"), "news", {"name": "headline", "body": "text"})
    for problem in (
        "column name=headline: no column 'name' is known here",
        "news.parquet has no column 'text'",
        "found the columns article, headline, published_at, more, label; expected also news_id, title",
    ):
        assert problem in str(error.value)
    assert not newsroom.path.exists()


def test_a_data_set_that_is_damaged_in_its_middle_leaves_the_newsroom_as_it_was(tmp_path, newsroom):
    articles("a").to_parquet(tmp_path / "news.parquet")
    import_dataset(newsroom, str(tmp_path / "news.parquet"), "news", COLUMNS)
    articles(*map(str, range(5000))).to_parquet(tmp_path / "more.parquet")
    with (tmp_path / "more.parquet").open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff" * 5000)
    with pytest.raises(CorpusError, match=r"more\.parquet: cannot be read as a data set \("):
        import_dataset(newsroom, str(tmp_path / "more.parquet"), "news", COLUMNS)
    assert [row[0] for row in news(newsroom)] == ["a"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "nobody/nothing",
            r"nobody/nothing: cannot be read as a data set \(.*\)\. Expected a file or folder of Parquet",
        ),
        ("news.txt", r"news\.txt: the suffix is '\.txt', expected one of \.parquet, \.csv"),
        ("texts", r"texts: found files for \w+, expected Parquet, CSV, JSON, Arrow"),
        ("empty", r"empty: cannot be read as a data set"),
    ],
)
def test_what_is_no_data_set_of_rows_is_one_clear_error(tmp_path, newsroom, monkeypatch, name, problem):
    monkeypatch.chdir(tmp_path)
    for folder in ("texts", "empty"):
        (tmp_path / folder).mkdir()
    for file in ("news.txt", "texts/news.txt"):
        (tmp_path / file).write_text("a line")
    with pytest.raises(CorpusError, match=problem):
        import_dataset(newsroom, name, "news", {})
    assert not newsroom.path.exists()


def test_a_missing_package_and_an_unknown_table_are_clear_errors(newsroom, monkeypatch):
    with pytest.raises(InputError, match=r"^table: found 'pictures', expected news, clicks, users"):
        import_dataset(newsroom, "any", "pictures", {})
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"the package datasets is missing\. Install it: pip install 'broadsheet\[dat"):
        import_dataset(newsroom, "any", "news", {})


@pytest.mark.parametrize("name", ["a folder", "a saved data set"])
@pytest.mark.parametrize("way", ["link", "up/../data", "data"])
def test_a_folder_may_be_named_by_a_link_or_by_a_way_with_dots(tmp_path, newsroom, monkeypatch, name, way):
    (write_folder if name == "a folder" else WRITERS["saved"])(articles("a"), tmp_path / "data")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "up").mkdir()
    monkeypatch.chdir(tmp_path)
    assert import_dataset(newsroom, way, "news", COLUMNS).taken["news"] == 1


@pytest.mark.parametrize("named", ["../other/data-00000", "/data-00000", "sub/data-00000", "..\\\\data-00000"])
def test_a_saved_data_set_that_names_a_file_of_another_folder_is_refused_before_it_is_read(tmp_path, newsroom, named):
    articles("own").save_to_disk(tmp_path / "own")
    state = tmp_path / "own" / "state.json"
    state.write_text(state.read_text().replace("data-00000", named))
    with pytest.raises(
        CorpusError, match=r"state.json: found the name .*, expected the name of a file .* without a path"
    ):
        import_dataset(newsroom, str(tmp_path / "own"), "news", COLUMNS)
    assert not newsroom.news.exists()


@pytest.mark.parametrize("named", ["../other", "..", ""])
def test_a_saved_data_set_that_names_a_split_outside_its_folder_is_refused(tmp_path, newsroom, named):
    articles("other").save_to_disk(tmp_path / "other")
    write_splits(articles("own"), tmp_path / "own")
    (tmp_path / "own" / "dataset_dict.json").write_text(json.dumps({"splits": [named]}))
    with pytest.raises(
        CorpusError, match=rf"dataset_dict.json: found the name '{re.escape(named)}', expected the name"
    ):
        import_dataset(newsroom, str(tmp_path / "own"), "news", COLUMNS)
