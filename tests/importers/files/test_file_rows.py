import csv
import gzip
import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def titles(newsroom):
    return read_table(newsroom.news, NEWS).column("title").to_pylist()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("news.xlsx", b"x", "the suffix is not one of .csv"),
        ("news.parquet", b"PAR1 and no more", "not readable as PARQUET"),
        ("news.csv.gz", b"not gzip at all", "damaged gzip file"),
        ("news.csv.gz", gzip.compress(b"news_id,title\n1,x\n" * 9, mtime=0)[:-9], "damaged gzip file"),
        ("news.jsonl.gz", gzip.compress(b'{"news_id": 1, "title": "x"}\n', mtime=0)[:-9], "damaged gzip file"),
        ("news.csv.gz", gzip.compress(b"", mtime=0), "the file is empty"),
        ("news.csv", b"news_id,title,title\n1,x,y\n", "column 'title' is there twice"),
        ("news.csv", b"news_id,t\xff\n1,x\n", "not readable as CSV"),
        ("news.jsonl", b"[1, 2]\n", "found the columns (none)"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path, newsroom, name, content, problem):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError) as error:
        import_tables(newsroom, tmp_path / name, None, None, {})
    assert name in str(error.value)
    assert problem in str(error.value)
    assert not newsroom.news.exists()


def test_one_bad_row_of_a_csv_is_one_counted_skip(tmp_path, newsroom):
    lines = [
        b"news_id,title,published_at",
        b"1,Good,",
        b"2,Few",
        b"3,Too,2026-01-01,many",
        b"4,\xff,",
        b"5,T,when",
        b"6,Fine,",
    ]
    (tmp_path / "news.csv").write_bytes(b"\n".join(lines))
    report = import_tables(newsroom, tmp_path / "news.csv", None, None, {})
    assert titles(newsroom) == ["Good", "T", "Fine"]
    assert report.skipped == {"news: wrong number of columns": 2, "news: invalid UTF-8": 1}
    assert report.notes == {"news: unreadable time, kept without a time": 1}


def test_the_header_of_a_file_that_was_joined_to_another_is_no_article(tmp_path, newsroom):
    path = tmp_path / "news.csv"
    path.write_text("news_id,title\n1,One\n\ufeffnews_id,title\n2,title\nnews_id,Two\n", "utf-8")
    report = import_tables(newsroom, path, None, None, {})
    assert read_table(newsroom.news, NEWS).column("news_id").to_pylist() == ["1", "2", "news_id"]
    assert report.skipped == {"news: header row": 1}


def test_one_bad_line_of_a_jsonl_is_one_counted_skip(tmp_path, newsroom):
    lines = [
        b'\xef\xbb\xbf{"news_id": 1, "title": "Good"}',
        b"",
        b'{"news_id": 2, "title": "br',
        b'["a list"]',
        b'{"news_id": 3, "title": "\xff"}',
        b"[" * 100_000,
        b'{"news_id": 4, "title": "Fine"}',
    ]
    (tmp_path / "news.jsonl").write_bytes(b"\n".join(lines))
    report = import_tables(newsroom, tmp_path / "news.jsonl", None, None, {})
    assert titles(newsroom) == ["Good", "Fine"]
    assert report.skipped == {"news: line is not a JSON object in UTF-8": 4}


def test_one_bad_row_of_a_parquet_is_one_counted_skip(tmp_path, newsroom):
    texts = pa.array([b"Good", b"\xff", b"Early", b"Fine"]).view(pa.string())
    times = pa.array([0, 0, 10**18, None], pa.int64()).cast(pa.timestamp("us"))
    parquet.write_table(
        pa.table({"news_id": [1, 2, 3, 4], "title": texts, "published_at": times}), tmp_path / "news.parquet"
    )
    report = import_tables(newsroom, tmp_path / "news.parquet", None, None, {})
    assert titles(newsroom) == ["Good", "Fine"]
    assert report.skipped == {"news: invalid UTF-8": 1, "news: value out of range": 1}


def test_nanosecond_times_of_a_parquet_are_cut_to_plain_datetimes(tmp_path):
    times = pa.array([1_767_355_200_000_000_123], pa.timestamp("ns"))
    parquet.write_table(pa.table({"time": times}), tmp_path / "clicks.parquet")
    (row,) = read_rows(tmp_path / "clicks.parquet", ["time"], pytest.fail)
    assert row == {"time": datetime(2026, 1, 2, 12)}
    assert type(row["time"]) is datetime


def test_texts_with_line_breaks_survive_the_borders_of_blocks(tmp_path):
    body = "line\n" * 20_000
    with (tmp_path / "news.csv").open("w") as file:
        file.write("news_id,body\n")
        file.writelines(f'{number},"{body}"\n' for number in range(24))  # 2.4 MB, over two blocks
    rows = list(read_rows(tmp_path / "news.csv", ["news_id", "body"], pytest.fail))
    assert [row["news_id"] for row in rows] == [str(number) for number in range(24)]
    assert all(row["body"] == body for row in rows)


texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",\n\r\t\0 ;\\'), max_size=20)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_nasty_texts_survive_the_file(tmp_path, suffix, rows):
    path = tmp_path / f"news{suffix}"
    records = [{"title": title, "body": body} for title, body in rows]
    if suffix == ".jsonl":
        write_jsonl(path, records)
    else:
        text = io.StringIO()
        writer = csv.DictWriter(
            text, ["title", "body"], delimiter="\t" if suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL
        )
        writer.writeheader()
        writer.writerows(records)
        path.write_bytes(text.getvalue().encode())
    skipped = []
    assert list(read_rows(path, column_names(path), skipped.append, "double")) == [
        {name: record[name] for name in column_names(path)} for record in records
    ]
    assert not skipped


def threads():
    return {task.name for task in Path("/proc/self/task").iterdir()}


def test_two_damaged_files_leave_no_thread_behind(tmp_path, newsroom):
    """A thread that still reads when the interpreter ends can abort the process."""
    for name, content in [
        ("news.csv.gz", b"news_id,title\n" + b"1,x\n" * 9999),
        ("clicks.csv", b"user_id,\xff\n1,2\n"),
    ]:
        (tmp_path / name).write_bytes(gzip.compress(content)[:-9] if name.endswith("gz") else content)
    before = threads()
    with pytest.raises(CorpusError):
        import_tables(newsroom, tmp_path / "news.csv.gz", tmp_path / "clicks.csv", None, {})
    assert threads() <= before
