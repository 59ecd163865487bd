import json
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.pipeline import Pipeline

ARMS = "[experiments.fresher.arms.control]\n[experiments.fresher.arms.fresh.settings.rerank.weights]\nfreshness = 2.0\n"


@pytest.fixture
def running(room):
    """A newsroom with an experiment whose readers saw two pages each and clicked on the first article of the first."""
    room.config_file.write_text(room.config_file.read_text("utf-8") + ARMS, "utf-8")
    opened, now, events = Pipeline.open(room.path), datetime.now(UTC) - timedelta(hours=3), []
    pages = [*opened.run_many(f"U{number}" for number in range(12)), opened.ask("senate")]
    for number, page in enumerate(pages):
        ids = page.stories["news_id"].to_pylist()
        of = {"user_id": page.user_id, "experiment": page.experiment, "arm": page.arm, "shown": ids, "seconds": 0.1}
        for turn in range(2):
            name = {"event_id": f"p{number}.{turn}", "page_id": f"p{number}.{turn}"}
            events.append({"kind": "page", "time": now + timedelta(hours=turn), **name, **of})
        click = {"kind": "click", "event_id": f"c{number}", "page_id": f"p{number}.0", "slot": 1}
        events.append({**click, "user_id": page.user_id, "time": now + timedelta(minutes=1)})
    assert not opened.log(events).refused
    return room


def test_the_command_prints_what_was_served_and_logged_and_writes_it(running, command, tmp_path):
    code, out, _ = command("experiment", running.path, "--out", "reports")
    document = json.loads((tmp_path / "reports" / "experiment-fresher.json").read_text())
    assert code == 0 and "## Experiment fresher" in out and "too few yet" in out
    arms = document["arms"]
    assert sum(arm["readers"] for arm in arms.values()) == 12 and sum(arm["pages"] for arm in arms.values()) == 24
    for arm in arms.values():
        assert arm["clicks"] == arm["readers"] and arm["first_page"]["mean"] == 1
    guards = document["guards"]["fresh"]
    assert guards["seconds"]["mean"] == pytest.approx(0.1) and 0 < guards["diversity"]["mean"] < 1


def test_an_unknown_experiment_and_a_newsroom_without_experiments_are_told(running, built, command):
    code, _, err = command("experiment", running.path, "slower")
    assert code == 2 and "experiment 'slower': found fresher in broadsheet.toml" in err
    code, _, err = command("experiment", built.path)
    assert code == 2 and "found no experiment in broadsheet.toml" in err
