from datetime import UTC, datetime

import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.simulation.behaviour import Reading
from broadsheet.evaluation.simulation.newsroom_report import report_simulation, simulate_newsroom
from broadsheet.evaluation.simulation.page_events import events_of
from broadsheet.live.events.held import held_events
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS


def test_a_page_that_was_read_gives_its_events_in_the_order_of_time():
    def flags(*values):
        return np.array([values], np.bool_)

    reading = Reading(
        looked=flags(True, True, False),
        clicked=flags(True, False, False),
        seconds=np.array([[40.0, 0.0, 0.0]]),
        hidden=flags(False, True, False),
        followed=flags(True, False, False),
    )
    page = {"event_id": "p", "kind": "page", "user_id": "u", "page_id": "p", "time": datetime(2024, 1, 1, tzinfo=UTC)}
    events = events_of(page, reading, ["sports", "", ""])
    told = [(one["kind"], one.get("slot"), (one["time"] - page["time"]).total_seconds()) for one in events]
    assert told == [
        ("page", None, 0),
        ("view", 1, 0),
        ("click", 1, 2),
        ("dwell", 1, 42),
        ("follow", None, 42),
        ("view", 2, 42),
        ("hide", 2, 44),
    ]
    assert events[4]["value"] == "sports" and len({one["event_id"] for one in events}) == 7


def test_simulated_readers_use_the_pipeline_no_event_is_refused_and_the_night_takes_all_in(built, tmp_path):
    def run(name):
        return simulate_newsroom(
            built.path, tmp_path / name, readers=4, days=1, seed=0, policy="epsilon-greedy", say=lambda line: None
        )

    document = run("one")
    (day,) = document["days"]
    assert day["refused"] == {} and day["events"]["page"] > 0 and day["events"]["view"] > day["events"]["page"]
    room = Newsroom(tmp_path / "one")
    assert held_events(room.clicks) == sum(day["events"].values())
    impressions = read_table(room.all_impressions()[0], IMPRESSIONS)
    assert len(impressions) == day["events"]["page"] and impressions.column("propensity").null_count == 0
    assert room.current().name == day["edition"]
    report = report_simulation(document)
    assert report.name == f"simulation-{built.path.name}" and "which no text shows" in report.markdown
    again = run("two")["days"][0]
    assert {**again, "edition": ""} == {**day, "edition": ""}
    with pytest.raises(InputError, match="expected nothing"):
        run("one")
