"""The benchmark of learning on, on a tiny newsroom of four days whose models are trained for real."""

import json
from datetime import timedelta

import pytest

from broadsheet.errors import CorpusError
from broadsheet.evaluation.learning_on.measure import ANEW, BOTH, KEPT, ON, measure_days
from broadsheet.evaluation.learning_on.rooms import read_days
from broadsheet.importers.transaction import Import
from tests.support.scripts import PNG, run_script
from tests.support.tiny import make_impressions, make_newsroom

EXTRA = "\n[towers]\nepochs = 1\n[attention]\nepochs = 1\n[learning]\nheld_out = 0.6\nmargin = 1.0\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory, encoder):
    room = make_newsroom(tmp_path_factory.mktemp("days") / "newsroom", encoder, extra=EXTRA)
    rows = make_impressions(360)
    for number, row in enumerate(rows):
        row["time"] += timedelta(days=number // 120)
    with Import(room) as add:
        add.impressions("train", rows[:200])
        add.impressions("valid", rows[200:])
    return room


def test_days_are_cut_by_time_and_readers_are_drawn_by_their_ids(source):
    days = read_days(source, 1.0)
    assert days.count == 3 and len(days.before(1)) == 120 and len(days.since(1)) == 240
    half = read_days(source, 0.5).table["user_id"].to_pylist()
    assert 0 < len(half) < 360 and set(half) < set(days.table["user_id"].to_pylist())
    with pytest.raises(CorpusError, match="found impressions of 0 days, expected 3 or more"):
        read_days(source, 0.0)


def test_a_first_day_that_no_day_follows_is_refused(source, tmp_path):
    with pytest.raises(CorpusError, match=r"--first 2: found impressions of 1 days .*, expected 2 or more"):
        measure_days(source, 2, 1.0, tmp_path, str)


def test_each_day_is_ranked_by_models_of_the_evening_before(source, tmp_path):
    run_script("benchmark_learning_on", source.path, tmp_path / "work", first=1, out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "learning-on.json").read_text("utf-8"))
    # On day 2 nothing has learned on yet: all rows are the same, and would make the differences smaller.
    assert list(document["by_day"][ON]) == ["day 3"] and [*document["by_day"]] == [ON, ANEW, KEPT]
    assert "Day 2 is not measured" in document["remarks"][0]
    card = json.loads((tmp_path / "work" / "on" / "models" / "towers" / "card.json").read_text("utf-8"))
    assert card["learned_on"]["times"] == 1 and card["train"] == {
        "split": "train",
        "items": "108 clicks and 0 histories",
    }
    # 12 impressions of the first day chose the epoch, and 120 are of the second: the last 80 are held out.
    assert card["learned_until"] == "2024-05-03T18:39:00+00:00"
    assert document["data"]["impressions_measured"] == 120 and BOTH in document["rows"][ON]
    assert list(document["minutes"][ON]) == ["day 3"] and list(document["minutes"][ANEW]) == ["day 2", "day 3"]
    assert "learned on and took their place" in document["decisions"]["day 3"]
    assert (tmp_path / "out" / "learning-on.png").read_bytes().startswith(PNG)
    assert ON in (tmp_path / "out" / "learning-on.md").read_text("utf-8")
