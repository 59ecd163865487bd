"""Any table comes back as it was written, in each dialect that is declared, or its rows are refused by name."""

import csv
import io
import json
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from broadsheet.importers.dataset import import_dataset
from broadsheet.importers.files.delimited import NULL_WORDS
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.mind import import_mind
from broadsheet.importers.own import import_own
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.own_parts import OwnParts

NAMES = ["title", "body", "more"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\",\n\r\t\0 ;|\\'N1"), max_size=12)
TABLES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=6)
PROPERTY = settings(
    deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write_csv(path, rows, quoting, end="\n"):
    marks = {"doublequote": quoting == "double", "escapechar": None if quoting == "double" else "\\"}
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter="\t" if path.suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL, lineterminator=end, **marks
    )
    writer.writerow(NAMES)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode())


def read(path, quoting="auto"):
    skipped = Counter()

    def skip(reason):
        skipped[reason] += 1

    return [tuple(row.values()) for row in read_rows(path, column_names(path, quoting), skip, quoting)], skipped


@PROPERTY
@given(rows=TABLES)
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize("quoting", ["double", "backslash"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_with_declared_quotation_marks_comes_back_equal(tmp_path, suffix, quoting, end, rows):
    write_csv(tmp_path / f"a{suffix}", rows, quoting, end)
    assert read(tmp_path / f"a{suffix}", quoting) == (rows, {})


@PROPERTY
@given(rows=TABLES)
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_without_declared_marks_comes_back_equal_or_is_refused_by_name(tmp_path, suffix, rows):
    write_csv(tmp_path / f"a{suffix}", rows, "double")
    taken, skipped = read(tmp_path / f"a{suffix}")
    assert not Counter(taken) - Counter(rows)  # no row is made up, or taken twice
    assert len(taken) == len(rows) or skipped.total() >= len(rows) - len(taken)


PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=",\t") | st.just('"'), max_size=12
).filter(lambda text: text.encode() not in NULL_WORDS)


@PROPERTY
@given(rows=st.lists(st.tuples(PLAIN.map("x".__add__), PLAIN, PLAIN), min_size=1, max_size=6))
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_without_marks_comes_back_equal(tmp_path, suffix, rows):
    delimiter = "\t" if suffix == ".tsv" else ","
    (tmp_path / f"a{suffix}").write_bytes("".join(delimiter.join(row) + "\n" for row in [NAMES, *rows]).encode())
    assert read(tmp_path / f"a{suffix}", "none") == (rows, {})


@PROPERTY
@given(rows=TABLES)
@pytest.mark.parametrize("form", ["lines", "array", "parquet", "parquet in small groups"])
def test_a_table_as_json_or_parquet_comes_back_equal(tmp_path, form, rows):
    objects = [dict(zip(NAMES, row, strict=True)) for row in rows]
    path = tmp_path / ("a.parquet" if form.startswith("parquet") else "a.jsonl")
    if form.startswith("parquet"):
        parquet.write_table(pa.Table.from_pylist(objects), path, row_group_size=2 if "small" in form else None)
    else:
        path.write_text(json.dumps(objects) if form == "array" else "".join(json.dumps(row) + "\n" for row in objects))
    assert read(path) == (rows, {})


COLUMNS = {"news_id": "title", "title": "body", "abstract": "more"}
IDS = st.sampled_from(["", "a", "b", "c", "a\n", "x" * 300, "d"])
ARTICLES = st.lists(
    st.tuples(IDS, st.sampled_from(["", "One", "Two"]), st.sampled_from(["", "x"])), min_size=1, max_size=8
)


def as_tables(path, newsroom, rows):
    write_csv(path / "a.csv", rows, "double")
    return import_tables(
        newsroom, path / "a.csv", None, None, {"news_id": "title", "title": "body", "abstract": "more"}
    )


def as_dataset(path, newsroom, rows):
    (path / "a.jsonl").write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows))
    return import_dataset(newsroom, str(path / "a.jsonl"), "news", COLUMNS)


def as_mind(path, newsroom, rows):
    plain = [[cell.replace("\n", "\x01") for cell in row] for row in rows]
    (path / "news.tsv").write_text("".join(f"{a}\tcat\tsub\t{b}\t{c}\thttps://e.org\t[]\t[]\n" for a, b, c in plain))
    (path / "behaviors.tsv").write_text("1\tu\t11/15/2019 8:00:00 AM\t\tgood-1\n")
    return import_mind(path, newsroom, "train")


def as_own(path, newsroom, rows):
    def importer(_):
        return [("news", {"news_id": a, "title": b, "abstract": c}) for a, b, c in rows]

    return import_own(newsroom, "feed", path, OwnParts(importers={"feed": importer}))


@settings(PROPERTY, max_examples=12)
@given(rows=ARTICLES)
@pytest.mark.parametrize("importer", [as_tables, as_dataset, as_mind, as_own])
def test_every_row_is_taken_or_counted(tmp_path_factory, importer, rows):
    folder = tmp_path_factory.mktemp("rows")
    report = importer(folder, Newsroom(folder / "newsroom"), [("good", "Good", ""), *rows])
    counted = sum(count for reason, count in report.skipped.items() if reason.startswith("news: "))
    assert report.taken["news"] + counted == 1 + len(rows)
