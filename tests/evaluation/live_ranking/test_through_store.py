"""A replay of impressions through the event store: what is known before each list, and what is logged of it."""

from datetime import timedelta

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_impressions
from broadsheet.evaluation.live_ranking.through_store import LIVE, NIGHT, copy_until, events_of, replay
from broadsheet.live import in_force
from broadsheet.offline.workbenches import open_bench
from broadsheet.progress import silent
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS
from tests.support.evaluated import make_room
from tests.support.tiny import START, make_impressions


@pytest.fixture(scope="module")
def source(tmp_path_factory, encoder):
    impressions = make_impressions(6)
    for number, one in enumerate(impressions):
        one["time"] = START + timedelta(hours=40 + 4 * number)
    path = tmp_path_factory.mktemp("replayed") / "source"
    return make_room(path, encoder, impressions=impressions, adapter=False)


@pytest.fixture(scope="module")
def impressions(source):
    return read_impressions(source, open_bench(source).data.catalogue, "valid")


def test_the_events_of_a_list_are_its_page_and_a_second_later_its_clicks(impressions):
    one = impressions[0]
    page, *clicks = events_of(one)
    assert (page["kind"], page["shown"], page["time"]) == ("page", one.shown, one.time)
    assert [one.shown[click["slot"] - 1] for click in clicks] == [click["news_id"] for click in clicks]
    assert {click["news_id"] for click in clicks} == {
        news_id for news_id, hit in zip(one.shown, one.clicked, strict=True) if hit
    }
    assert all(click["time"] == one.time + timedelta(seconds=1) for click in clicks)


def test_the_copy_knows_nothing_of_the_moment_and_later(source, tmp_path):
    moment = START + timedelta(hours=35)
    room = copy_until(source, tmp_path / "copy", moment)
    for path, schema, column in ((room.clicks, CLICKS, "time"), (room.news, NEWS, "published_at")):
        times = read_table(path, schema).column(column).to_pylist()
        assert times and max(times) < moment
    assert len(read_table(room.impressions("valid"), IMPRESSIONS)) == 0
    assert len(read_table(source.impressions("valid"), IMPRESSIONS)) == 6, "the source is not changed"


def test_every_list_is_ranked_once_live_and_by_the_last_night_and_every_event_is_taken(
    source, impressions, tmp_path, monkeypatch
):
    monkeypatch.setattr(in_force, "LOOKS_EVERY", 0.0)
    monkeypatch.setattr(in_force, "MOST_OF_THE_TIME", float("inf"))
    room = copy_until(source, tmp_path / "copy", min(one.time for one in impressions))
    found = replay(room, source, impressions, 100, silent)
    clicks = sum(sum(one.clicked) for one in impressions)
    assert found.taken == {"page": 6, "click": clicks} and found.refused == {}
    shown = sum(len(one.shown) for one in found.impressions)
    assert len(found.impressions) == sum(one.rankable for one in impressions)
    for name in (LIVE, NIGHT):
        (scores,) = found.scores[name]
        assert scores.shape == (shown,) and np.isfinite(scores).all()
    assert found.scores[LIVE][0].tolist() != found.scores[NIGHT][0].tolist(), "what came since counts live alone"
    days = sorted({f"{one.time:%Y-%m-%d}" for one in impressions})
    assert [*found.days] == days and found.days[days[0]] == "" and "events were taken" in found.days[days[1]]
