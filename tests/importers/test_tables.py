import csv
import gzip
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, NEWS, USERS

TABLES = {
    "news": [
        {"news_id": "1", "title": 'A "quoted", long\ntitle', "body": "Ünï ☃", "published_at": "2026-01-02T12:00:00Z"},
        {"news_id": "2", "title": "Plain", "body": "", "published_at": None},
    ],
    "users": [
        {"user_id": "u", "history": ["1", "2", "77"], "profile": "golf", "hidden": []},
        {"user_id": "v", "history": [], "profile": "", "hidden": ["2"]},
    ],
    "clicks": [
        {
            "user_id": "u",
            "news_id": "1",
            "time": "2026-01-02T12:30:00Z",
            "event": "like",
            "dwell_seconds": 2.5,
            "scroll": 0.5,
            "region": "Oslo",
        },
        {
            "user_id": "v",
            "news_id": "2",
            "time": "2026-01-02T13:00:00Z",
            "event": "click",
            "dwell_seconds": None,
            "scroll": None,
            "region": None,
        },
    ],
}


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def write_csv(path, rows, delimiter=","):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows({k: " ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows)
    path.write_bytes(text.getvalue().encode())


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(path, rows):
    table = pa.Table.from_pylist(rows)
    for name in ("published_at", "time"):
        if name in table.column_names:
            times = [time and datetime.fromisoformat(time) for time in table.column(name).to_pylist()]
            column = pa.array(times, pa.timestamp("ms", "Europe/Paris"))
            table = table.set_column(table.column_names.index(name), name, column)
    parquet.write_table(table, path)


def packed(write):
    def write_packed(path, rows):
        write(path, rows)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return write_packed


def contents(newsroom):
    tables = ((newsroom.news, NEWS), (newsroom.users, USERS), (newsroom.clicks, CLICKS))
    return [read_table(path, schema).to_pylist() for path, schema in tables]


def titles(newsroom):
    return read_table(newsroom.news, NEWS).column("title").to_pylist()


@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".csv", write_csv),
        (".csv.gz", packed(write_csv)),
        (".tsv", lambda path, rows: write_csv(path, rows, "\t")),
        (".jsonl", write_jsonl),
        (".jsonl.gz", packed(write_jsonl)),
        (".parquet", write_parquet),
    ],
)
def test_every_format_gives_the_same_tables(tmp_path, newsroom, suffix, write):
    paths = {table: tmp_path / f"{table}{suffix}" for table in TABLES}
    for table, rows in TABLES.items():
        write(paths[table], rows)
    report = import_tables(newsroom, paths["news"], paths["clicks"], paths["users"], {})
    news, users, clicks = contents(newsroom)
    assert [(row["news_id"], row["title"], row["body"], row["published_at"]) for row in news] == [
        ("1", 'A "quoted", long\ntitle', "Ünï ☃", datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("2", "Plain", "", None),
    ]
    assert users == [{**row, "reads": None, "acts": None} for row in TABLES["users"]], "of reads only the clicks tell"
    assert clicks == [{**row, "time": datetime.fromisoformat(row["time"])} for row in TABLES["clicks"]]
    assert (report.skipped, report.unknown_ids) == ({}, 1)
    assert not newsroom.config_file.exists()


def test_columns_are_mapped_and_a_file_without_the_mapped_column_may_have_ours(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", [{"article_id": "1", "headline": "Mapped", "title": "Not this"}])
    write_csv(tmp_path / "clicks.csv", [{"user_id": "u", "news_id": "1", "ts": "1767355200"}])
    columns = {"news_id": "article_id", "title": "headline", "time": "ts"}
    report = import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.csv", None, columns)
    assert titles(newsroom) == ["Mapped"]
    assert contents(newsroom)[2][0]["time"] == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert report.taken == {"news": 1, "users": 0, "clicks": 1}


def test_whole_numbers_are_ids_in_jsonl_and_parquet(tmp_path, newsroom):
    write_jsonl(tmp_path / "news.jsonl", [{"news_id": 7, "title": "Seven"}])
    parquet.write_table(pa.table({"user_id": [1], "history": [[7, 8]]}), tmp_path / "users.parquet")
    import_tables(newsroom, tmp_path / "news.jsonl", None, tmp_path / "users.parquet", {})
    assert contents(newsroom)[0][0]["news_id"] == "7"
    expected = {"user_id": "1", "history": ["7", "8"], "profile": "", "hidden": [], "reads": None, "acts": None}
    assert contents(newsroom)[1][0] == expected


def test_a_history_in_text_is_split_at_spaces_and_commas(tmp_path, newsroom):
    write_jsonl(tmp_path / "users.jsonl", [{"user_id": "u", "history": " a, b c,,d ", "hidden": ""}])
    import_tables(newsroom, None, None, tmp_path / "users.jsonl", {})
    assert read_table(newsroom.users, USERS).column("history").to_pylist() == [["a", "b", "c", "d"]]


def test_all_problems_come_in_one_error_and_nothing_is_made(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", [{"id": "1", "headline": "x"}])
    (tmp_path / "users.jsonl").touch()
    with pytest.raises(CorpusError) as error:
        import_tables(
            newsroom, tmp_path / "news.csv", tmp_path / "gone.csv", tmp_path / "users.jsonl", {"name": "headline"}
        )
    for problem in (
        "column name=headline: no column 'name' is known here",
        "news.csv: found the columns id, headline; expected also news_id, title. "
        "Name the file's own: column news_id=THEIRS and column title=THEIRS",
        "gone.csv: no such file",
        "users.jsonl: the file is empty",
    ):
        assert problem in str(error.value)
    assert not newsroom.path.exists()


def test_a_column_is_mapped_for_one_file_in_either_direction(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", [{"id": "1", "news_id": "not this", "title": "One"}])
    write_csv(tmp_path / "clicks.csv", [{"id": "7", "article_id": "1", "user_id": "u", "time": "1767355200"}])
    columns = {"news.news_id": "id", "clicks.article_id": "news_id"}
    report = import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.csv", None, columns)
    assert (report.taken["news"], report.taken["clicks"]) == (1, 1)
    assert contents(newsroom)[2][0]["news_id"] == "1"


def test_a_mapping_for_one_file_counts_before_a_mapping_for_all(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", [{"id": "1", "article": "2", "title": "One"}])
    write_csv(tmp_path / "clicks.csv", [{"article": "1", "user_id": "u", "time": "1767355200"}])
    columns = {"news.news_id": "id", "news_id": "article"}
    assert import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.csv", None, columns).taken["clicks"] == 1


@pytest.mark.parametrize(
    ("key", "theirs", "problem"),
    [
        ("clicks.news_id", "id", "column clicks.news_id=id: no file of clicks was named"),
        ("news.time", "id", "column news.time=id: no column 'time' is known here; known: abstract, body, category,"),
        ("news.body", "text", r"column news.body=text: .*news\.csv has no column 'text'"),
        ("pages.body", "id", "column pages.body=id: no column 'pages.body' is known here"),
    ],
)
def test_a_mapping_for_one_file_that_does_not_fit_is_an_error(tmp_path, newsroom, key, theirs, problem):
    write_csv(tmp_path / "news.csv", [{"id": "1", "title": "One", "news_id": "1"}])
    with pytest.raises(CorpusError, match=problem):
        import_tables(newsroom, tmp_path / "news.csv", None, None, {key: theirs})
    assert not newsroom.path.exists()


def test_a_mapping_to_a_column_of_no_file_is_an_error(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", TABLES["news"])
    with pytest.raises(CorpusError, match=r"^column body=text: .*news\.csv has no column 'text'"):
        import_tables(newsroom, tmp_path / "news.csv", None, None, {"body": "text"})


def test_no_file_at_all_is_an_error(newsroom):
    with pytest.raises(CorpusError, match=r"expected articles \(news\), clicks, users or impressions"):
        import_tables(newsroom, None, None, None, {})


def test_an_unknown_event_is_skipped_and_a_click_before_publication_noted(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", TABLES["news"])
    click = {"user_id": "u", "news_id": "1", "time": "2026-01-02T11:59:59Z", "event": "click"}
    write_csv(tmp_path / "clicks.csv", [click, {**click, "news_id": "2"}, {**click, "news_id": "2", "event": "glance"}])
    report = import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.csv", None, {})
    event = "clicks: unknown event; expected click, like, comment, share, save, hide, dislike, report"
    assert report.skipped == {event: 1} and report.taken["clicks"] == 2
    assert report.notes == {"clicks: before the article's time of publication": 1}


def test_later_files_add_and_replace(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", TABLES["news"])
    import_tables(newsroom, tmp_path / "news.csv", None, None, {})
    write_jsonl(tmp_path / "more.jsonl", [{"news_id": "2", "title": "Changed"}, {"news_id": "3", "title": "New"}])
    report = import_tables(newsroom, tmp_path / "more.jsonl", None, None, {})
    assert titles(newsroom)[1:] == ["Changed", "New"]
    assert (report.new("news"), report.replaced["news"]) == (1, 1)


def test_a_file_of_headers_alone_is_an_error(tmp_path, newsroom):
    (tmp_path / "news.csv").write_text("news_id,title\n")
    with pytest.raises(CorpusError, match=r"not one row was taken \(news\.csv has columns and no row\)"):
        import_tables(newsroom, tmp_path / "news.csv", None, None, {})


def test_a_file_of_headers_alone_beside_others_is_named_in_the_report(tmp_path, newsroom):
    (tmp_path / "clicks.csv").write_text("user_id,news_id,time\n")
    write_csv(tmp_path / "news.CSV", TABLES["news"])
    report = import_tables(newsroom, tmp_path / "news.CSV", tmp_path / "clicks.csv", None, {})
    assert report.taken["news"] == 2 and "empty: clicks.csv has columns and no row" in str(report)


def test_a_late_key_of_jsonl_counts_and_a_hide_is_no_click(tmp_path, newsroom):
    write_csv(tmp_path / "news.csv", TABLES["news"])
    click = {"user_id": "u", "news_id": "2"}
    rows = [{**click, "time": 1_767_360_000 + second} for second in range(20_000)]  # 1.2 MB
    write_jsonl(tmp_path / "clicks.jsonl", [*rows, {**click, "time": 1_767_400_000, "event": "hide"}])
    import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.jsonl", None, {})
    assert contents(newsroom)[2][-1]["event"] == "hide"


def test_the_way_to_read_quotation_marks_can_be_declared(tmp_path, newsroom):
    (tmp_path / "news.csv").write_text('news_id,title\n1,"Long" he said\n')
    import_tables(newsroom, tmp_path / "news.csv", None, None, {}, quoting="none")
    assert titles(newsroom) == ['"Long" he said']
