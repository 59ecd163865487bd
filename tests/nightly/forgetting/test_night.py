"""A forgotten reader: unknown to the next request, and in no file of the newsroom after the next build."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.importers.transaction import Import
from broadsheet.live.events.event_log import FORGOTTEN
from broadsheet.nightly.build import build
from broadsheet.nightly.forgetting.forgotten_rows import rewrite
from broadsheet.pipeline import Pipeline
from broadsheet.readers.forget import forget
from broadsheet.readers.forgotten import GONE, HIDDEN
from broadsheet.readers.mutes import open_mutes
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS
from tests.nightly.forgetting.conftest import HISTORY, LATER, READER, act, check_gone, places, state_of
from tests.support.tiny import START


def test_the_scan_finds_the_reader_in_every_file_that_names_readers(full):
    edition = full.current()
    names = ["users", "user_vectors", "candidates", "ranked", "stories", "clicks"]
    expected = {f"editions/{edition.name}/{name}.arrow" for name in names}
    expected |= {"corpus/users.arrow", "corpus/clicks.arrow", "corpus/impressions-train.arrow"}
    expected |= {"readers/mutes.arrow", "readers/follows.arrow", "readers/profiles.arrow"}
    expected |= {"service/state.sqlite", f"events/{LATER.date()}.arrow"}
    assert expected <= places(full) and any(place.startswith("events/events.sqlite") for place in places(full))
    assert {what for _, what in scan(full, READER, HISTORY)} == {"id", "history"}


def test_a_forgotten_reader_is_unknown_to_the_next_request_of_a_process_that_is_open(room):
    pipeline = Pipeline.open(room)
    assert pipeline.run(READER, 5).kind == "known" and pipeline.readers([READER])[0].has_mutes
    forgetting = forget(room, READER)
    page, nobody = pipeline.run(READER, 20), pipeline.run("somebody-whom-nobody-knows", 20)
    assert page.kind == "new" and page.stories.drop_columns([]).equals(nobody.stories)
    assert READER not in pipeline.bench.data.readers.audience and state_of(room) == [HIDDEN]
    refused = pipeline.log(
        [act("click", 9, news_id="N7"), act("view", 10, page_id="page-of-hers", slot=1) | {"user_id": ""}]
    )
    assert refused.new == 0 and refused.refused[FORGOTTEN] == 1 and refused.refused["unknown page"] == 1
    assert forgetting.models == [] and "No trained model" in forgetting.line()
    assert pipeline.run("fan", 5).kind == "known"


def test_after_the_next_build_nothing_of_the_reader_is_in_any_file(room):
    before = room.editions()
    forget(room, READER)
    assert places(room)  # hidden, and still in files
    said = []
    build(room, "all", said.append)
    check_gone(room)
    assert len(room.editions()) == 3 and not {one.name for one in before} & {one.name for one in room.editions()}
    assert sum("taken out of edition" in line for line in said) == 2
    build(room, "all")
    check_gone(room)


def test_the_clicks_and_stories_of_a_forgotten_reader_are_not_missed_by_the_gate(room):
    text = room.config_file.read_text("utf-8")
    room.config_file.write_text(text + "[gate]\nmax_fewer = 0.0\n", "utf-8")
    forget(room, READER)
    figures = build(room, "all").read_manifest()["gate"]["figures"]
    assert {name: figures[f"fewer_{name}"] for name in ("clicks", "readers", "stories")} == {
        "clicks": 0.0,
        "readers": 0.0,
        "stories": 0.0,
    }


def test_an_act_after_the_forgetting_is_that_of_a_new_reader_whom_the_next_build_keeps(room):
    forget(room, READER)
    now = {"time": datetime.now(UTC) + timedelta(seconds=1)}
    pipeline = Pipeline.open(room)
    muted = act("mute", 21, field="source", value="Paper 2") | now
    assert pipeline.log([act("click", 20, news_id="N8") | now, muted]).new == 2
    assert list(pipeline.readers([READER])[0].user["history"]) == ["N8"]
    build(room, "all")
    (state,) = Pipeline.open(room).readers([READER])
    assert list(state.user["history"]) == ["N8"] and state.muted_sources == ("Paper 2",)
    assert [one for one in scan(room, READER, HISTORY) if one.what == "history"] == []
    assert open_mutes(room.mutes)().of(READER) == ([], ["Paper 2"]) and state_of(room) == [GONE]


def test_an_old_file_does_not_bring_the_history_back(room):
    forget(room, READER)
    build(room, "all")
    late = datetime.now(UTC) + timedelta(seconds=1)
    of_hers = {"user_id": READER, "shown": ["N1"], "history": HISTORY}
    with Import(room) as add:
        add.users([{"user_id": READER, "history": HISTORY}, {"user_id": "fan", "history": ["N0"]}])
        add.clicks([{"user_id": READER, "news_id": "N1", "time": START}])
        add.clicks([{"user_id": READER, "news_id": "N2", "time": late}])
        add.impressions("old", [of_hers | {"impression_id": "x", "time": START}])
        add.impressions("old", [of_hers | {"impression_id": "y", "time": late}])
    skipped = {key: count for key, count in add.report.skipped.items() if "forgotten" in key}
    assert sorted(skipped.values()) == [1, 1, 1]
    rows = read_table(room.impressions("old"), IMPRESSIONS).to_pylist()
    assert [(row["impression_id"], row["history"]) for row in rows] == [("y", [])]
    assert set(Pipeline.open(room).readers([READER])[0].user["history"]) <= {"N2"}
    assert [one for one in scan(room, READER, HISTORY) if one.what == "history"] == []


def test_a_current_edition_that_the_gate_keeps_is_rewritten_and_stays_current(room):
    forget(room, READER)
    text = room.config_file.read_text("utf-8")
    room.config_file.write_text(text + "[gate]\nmax_fewer = 0.0\nmin_recall = 1.0\n", "utf-8")
    clicks = read_table(room.clicks, CLICKS)
    rewrite(room.clicks, CLICKS, clicks.slice(0, len(clicks) - 1))  # a click of another reader is lost
    current = room.current().name
    with pytest.raises(Exception, match="kept and not published"):
        build(room, ["fan"])
    check_gone(room)
    assert room.current().name == f"{current}-2" and Pipeline.open(room).run("fan", 3).edition == room.current().name
