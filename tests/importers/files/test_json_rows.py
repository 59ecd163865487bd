import gzip
import json
from collections import Counter

import pytest

from broadsheet.errors import CorpusError
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.files.json_rows import NOT_AN_OBJECT


def read(path):
    skipped = Counter()

    def skip(reason):
        skipped[reason] += 1

    return list(read_rows(path, column_names(path), skip)), skipped


ROWS = [{"news_id": "i1", "title": "One, [two] {three}"}, {"news_id": "i2", "title": 'a "quoted" ü'}]


def test_a_key_that_is_first_seen_late_is_a_column(tmp_path):
    early = '{"user_id": "u", "news_id": "a", "time": 1}\n'
    (tmp_path / "clicks.jsonl").write_text(early * 60_000 + early.replace("}", ', "event": "hide"}'))  # 2.6 MB
    assert column_names(tmp_path / "clicks.jsonl") == ["user_id", "news_id", "time", "event"]
    rows, _ = read(tmp_path / "clicks.jsonl")
    assert [row["event"] for row in rows[-2:]] == [None, "hide"]


@pytest.mark.parametrize("name", ["news.json", "news.jsonl", "news.json.gz"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_may_be_one_array_of_objects(tmp_path, name, indent):
    text = "\ufeff" + json.dumps(ROWS, indent=indent)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert read(tmp_path / name) == (ROWS, {})


def test_an_array_is_read_in_parts_and_what_is_no_object_in_it_is_counted(tmp_path):
    rows = [{"news_id": f"ü{number}", "body": "x" * 1000} for number in range(3000)]  # 3 MB: three parts
    (tmp_path / "news.json").write_text(json.dumps([*rows, 7, "text", ["list"], None], ensure_ascii=False))
    assert read(tmp_path / "news.json") == (rows, {NOT_AN_OBJECT: 4})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"a": 1}, {"a": ', "not readable as JSON behind 1 objects"),
        ('[{"a": 1} {"a": 2}]', "expected ]"),
        ('[{"a": 1}]\n[{"a": 2}]', "more behind the end of the array"),
        ('["news_id", "title"]\n["1", "One"]', "more behind the end of the array"),
        ("[" * 100_000, "not readable as JSON behind 0 objects"),
        ('[{"a": "\udcff"}]', "Save the file as UTF-8"),
    ],
)
def test_a_damaged_array_is_one_clear_error(tmp_path, text, problem):
    (tmp_path / "news.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CorpusError, match=r"news\.json: ") as error:
        read(tmp_path / "news.json")
    assert problem in str(error.value)


def test_a_key_that_is_there_twice_is_a_counted_skip(tmp_path):
    (tmp_path / "news.jsonl").write_text('{"news_id": "1", "news_id": "2"}\n{"news_id": "3"}\n')
    assert read(tmp_path / "news.jsonl") == ([{"news_id": "3"}], {"a key is there twice in one object": 1})


@pytest.mark.parametrize("name", ["news.csv", "news.tsv", "news.jsonl"])
def test_a_file_in_utf_16_is_named_as_such(tmp_path, name):
    (tmp_path / name).write_text("news_id,title\n1,One\n", "utf-16")
    with pytest.raises(CorpusError, match=r"found text in UTF-16, expected UTF-8"):
        column_names(tmp_path / name)
