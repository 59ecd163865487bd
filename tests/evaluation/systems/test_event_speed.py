"""The benchmark of events, run small."""

import json

from broadsheet.evaluation.systems.event_speed import SpeedTask, measure_event_speed, report_event_speed
from broadsheet.progress import silent


def test_every_request_that_was_sent_is_in_the_store_and_in_the_tables(tmp_path):
    task = SpeedTask(callers=[1, 3], rate=1000, seconds=0.2)
    document = measure_event_speed({"sqlite": ""}, task, silent)
    row = document["rows"]["sqlite"]
    assert list(row["callers"]) == ["1", "3"] and row["at_rate"]["requests"] == 20
    assert row["events_in_the_store"] >= 200 and row["events_in_the_store"] % 10 == 0
    assert row["at_rate"]["p50_ms"] <= row["at_rate"]["p99_ms"] <= row["at_rate"]["p100_ms"]
    report = report_event_speed(json.loads(json.dumps(document)))
    assert [line.split(" | ")[:2] for line in report.lines if line.startswith("| sqlite")] == [
        *(["| sqlite", "1"], ["| sqlite", "3"], ["| sqlite", "20"])
    ]
    assert [path.name for path in report.write(tmp_path)] == ["events.json", "events.md", "events.png"]
