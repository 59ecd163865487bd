import json
from datetime import UTC, datetime

import datasets
import pyarrow as pa
import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.importers.dataset import import_dataset
from broadsheet.importers.dataset_rows import DataSplit
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS


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


def test_times_of_every_type_in_an_arrow_file_mean_the_same_as_in_other_files(tmp_path, newsroom):
    noon = datetime(2026, 1, 2, 12)
    times = [
        pa.array([noon], pa.timestamp("ns")),
        pa.array([noon], pa.timestamp("ms", "+02:00")),
        pa.array([int(noon.replace(tzinfo=UTC).timestamp() * 1000)]),
        pa.array(["Fri, 02 Jan 2026 13:00:00 +0100"]),
        pa.array([noon.date()], pa.date32()),
    ]
    for number, time in enumerate(times):
        table = pa.table({"user_id": [f"u{number}"], "news_id": ["a"], "time": time})
        with pa.ipc.new_file(str(tmp_path / f"{number}.arrow"), table.schema) as file:
            file.write_table(table)
        import_dataset(newsroom, str(tmp_path / f"{number}.arrow"), "clicks", {})
    found = read_table(newsroom.clicks, CLICKS)["time"].to_pylist()[-5:]
    midnight = noon.replace(hour=0, tzinfo=UTC)
    assert found == [noon.replace(tzinfo=UTC)] * 4 + [midnight]


def test_impressions_of_a_data_set_are_named_by_its_split_or_by_the_user(tmp_path, newsroom):
    rows = [{"user": "u", "at": "2026-01-02", "inview": ["a", "b"], "hit": ["b"]}]
    datasets.DatasetDict({"validation": datasets.Dataset.from_list(rows)}).save_to_disk(tmp_path / "log")
    columns = {"user_id": "user", "time": "at", "shown": "inview", "clicked": "hit"}
    for into in ("", "valid"):
        import_dataset(newsroom, str(tmp_path / "log"), "impressions", columns, split="validation", into_split=into)
        table = read_table(newsroom.impressions(into or "validation"), IMPRESSIONS)
        assert table.select(["user_id", "shown", "clicked"]).to_pylist() == [
            {"user_id": "u", "shown": ["a", "b"], "clicked": [False, True]}
        ]
    with pytest.raises(InputError, match="only impressions have splits"):
        import_dataset(newsroom, str(tmp_path / "log"), "news", {}, split="validation", into_split="valid")
