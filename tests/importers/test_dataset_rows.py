import json

import datasets
import pytest

from broadsheet.errors import CorpusError
from broadsheet.importers.dataset import import_dataset
from broadsheet.importers.dataset_rows import DataSplit
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS


@pytest.mark.parametrize("place", ["news.jsonl", "folder/part-1.jsonl"])
def test_late_keys_of_local_json_count_and_a_broken_line_is_a_counted_skip(tmp_path, newsroom, place):
    (tmp_path / "folder").mkdir()
    early = [{"user_id": "u", "news_id": "a", "time": 1_767_360_000 + second} for second in range(2000)]
    late = {"user_id": "u", "news_id": "a", "time": 1_767_400_000, "event": "hide"}
    lines = "".join(json.dumps(row) + "\n" for row in [*early, late])
    (tmp_path / place).write_text(lines + "{ broken\n")
    report = import_dataset(newsroom, str(tmp_path / place.partition("/part")[0]), "clicks", {})
    assert report.taken["clicks"] == 2001 and report.skipped == {"clicks: line is not a JSON object in UTF-8": 1}
    assert read_table(newsroom.clicks, CLICKS)["event"].to_pylist()[-2:] == ["click", "hide"]


def test_a_ragged_row_of_a_csv_is_a_counted_skip(tmp_path, newsroom):
    (tmp_path / "a.CSV").write_text("news_id,title\n1,One\n2,Two,more\n3\n", "utf-8")
    report = import_dataset(newsroom, str(tmp_path / "a.CSV"), "news", {})
    assert report.taken["news"] == 1 and report.skipped == {"news: wrong number of columns": 2}


def test_a_column_that_comes_late_in_a_streamed_data_set_is_an_error(newsroom):
    rows = [{"user_id": "u"}, {"user_id": "v", "history": ["a"]}]
    streamed = DataSplit("far", datasets.IterableDataset.from_generator(lambda: iter(rows)))
    with pytest.raises(CorpusError, match=r"far: column 'history' is first seen in row 1, .* Download the file"):
        list(streamed.rows(["user_id"], pytest.fail))
