"""Small files that would unfold to very much."""

import gzip
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.files.bounds import MOST_ROW_BYTES
from broadsheet.importers.files.file_rows import column_names, read_rows

LONG = "x" * MOST_ROW_BYTES
TOO_MUCH = "unfolds to more than 200 times its size, which real data does not"


def read(path, skip=pytest.fail):
    return list(read_rows(path, column_names(path), skip))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_line_that_is_too_long_is_a_counted_skip(tmp_path, suffix):
    rows = [("a", "First"), ("b", LONG), ("c", "Third")]
    if suffix == ".csv":
        text = "".join(f"{news_id},{title}\n" for news_id, title in [("news_id", "title"), *rows])
    else:
        text = "".join(json.dumps({"news_id": news_id, "title": title}) + "\n" for news_id, title in rows)
    (tmp_path / f"news{suffix}").write_text(text)
    skipped = []
    assert [row["news_id"] for row in read(tmp_path / f"news{suffix}", skipped.append)] == ["a", "c"]
    assert skipped == ["line longer than 8 MiB"]


def test_an_object_of_an_array_that_is_too_long_is_an_error(tmp_path):
    (tmp_path / "news.json").write_text(json.dumps([{"news_id": "a"}])[:-1] + ', {"title": "' + 2 * LONG)
    with pytest.raises(CorpusError, match=r"behind 1 objects .* longer than 8 MiB"):
        read(tmp_path / "news.json")


@pytest.mark.parametrize("name", ["news.csv.gz", "news.tsv.gz", "news.jsonl.gz", "news.json.gz"])
def test_a_gzip_file_that_unfolds_to_gigabytes_is_refused_by_name(tmp_path, name):
    begin = b"[ " if name == "news.json.gz" else b'{"title": "' if "json" in name else b"news_id,title\n"
    zeros = gzip.compress(b" " * (16 << 20))
    (tmp_path / name).write_bytes(gzip.compress(begin) + zeros * 70)  # 1.1 GB in 1.1 MB
    with pytest.raises(CorpusError, match=rf"{name}: {TOO_MUCH}"):
        read(tmp_path / name, lambda reason: None)


BOMBS = {
    "one long text in 3,000 rows": lambda: pa.DictionaryArray.from_arrays(
        pa.array([0] * 3000, pa.int32()), ["x" * 1_000_000]
    ),
    "34,000,000 rows": lambda: pa.nulls(34_000_000, pa.int8()),
    "one text of 260 MiB": lambda: pa.array(["x" * (260 << 20)]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_parquet_file_that_unfolds_to_gigabytes_is_refused_by_name(tmp_path, name):
    parquet.write_table(pa.table({"title": BOMBS[name]()}), tmp_path / "news.parquet", compression="zstd")
    assert (tmp_path / "news.parquet").stat().st_size < 1_000_000
    with pytest.raises(CorpusError, match=rf"news\.parquet: {TOO_MUCH}"):
        for _ in read_rows(tmp_path / "news.parquet", ["title"], pytest.fail):
            pass
