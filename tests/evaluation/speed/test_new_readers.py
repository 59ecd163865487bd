from broadsheet.evaluation.speed import new_readers
from broadsheet.evaluation.speed.new_readers import measure_new_readers


def test_pages_of_each_length_are_measured_in_time_that_passed_and_in_processor_time(built, monkeypatch):
    monkeypatch.setattr(new_readers, "LENGTHS", (2, 1000))
    report = measure_new_readers(built.path, 3)
    rows = report.document["rows"]
    assert [(k, row["stories"]) for k, row in rows.items()] == [("2", 2), ("1000", 60)]
    for row in rows.values():
        assert 0 < row["p50_ms"] <= row["p99_ms"] and 0 < row["cpu_p50_ms"] <= row["cpu_p99_ms"]
    assert report.lines[0] == "3 pages of each length, of a newsroom of 60 articles"
    assert report.lines[-1].startswith("| 1000 | 60 | ")
