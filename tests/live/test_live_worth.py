"""What acts add to popularity: the same in an open process, in a process opened later, and after the next build."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.config.acts import ActsConfig, ActsInPopularity
from broadsheet.corpus.click_log import read_click_log
from broadsheet.live import in_force as module
from broadsheet.live.events.acts import clicks_of
from broadsheet.live.held_acts import HeldActs
from broadsheet.live.live_counts import Clicks
from broadsheet.live.live_worth import LiveWorth
from broadsheet.pipeline import Pipeline
from broadsheet.retrieval.sources.popularity_freshness import decayed_counts
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.schemas import CLICKS
from tests.live.events.test_acts import NOON
from tests.live.events.test_acts import act as event
from tests.live.test_in_force import act, signals
from tests.support.stage_contract import catalogue_of

WORTH = "\n[acts.popularity]\nlike = 4\nhide = -3\nlong_read = 5\nshort_read = 0\n"
SETTINGS = ActsConfig(popularity=ActsInPopularity(like=4, hide=-3, long_read=5, short_read=0))
CATALOGUE = catalogue_of(np.eye(3))
KINDS = st.sampled_from(["click", "like", "hide", "dwell", "dwell", "undo"])
ACTS = st.lists(
    st.tuples(
        KINDS, st.sampled_from(["u", "v", ""]), st.integers(0, 2), st.integers(0, 9), st.sampled_from([1, 30, 60])
    )
)


@pytest.fixture
def weighing(room, monkeypatch):
    monkeypatch.setattr(module, "LOOKS_EVERY", 0.0)
    monkeypatch.setattr(module, "MOST_OF_THE_TIME", float("inf"))
    with room.config_file.open("a") as file:
        file.write(WORTH)
    return room


def events_of(drawn):
    """Events in the order of their numbers; an undo takes back the event before it, as a store lets it."""
    found = []
    for number, (kind, user, row, minute, seconds) in enumerate(drawn):
        if kind == "undo":
            if not found or found[-1]["kind"] == "undo":
                continue
            last = found[-1]
            one = event("undo", number, last["news_id"], last["user_id"], minutes=minute, undoes=last["event_id"])
            one["page_id"] = last["page_id"]
        else:
            one = event(
                kind, number, f"N{row}", f"u{user}", minutes=minute, seconds=seconds if kind == "dwell" else None
            )
        found.append(one)
    return found


@given(ACTS, st.integers(0, 12))
def test_events_that_come_in_one_by_one_are_worth_what_the_next_build_makes_of_them(drawn, seen):
    events = events_of(drawn)
    live = LiveWorth(read_click_log(CLICKS.empty_table(), CATALOGUE, SETTINGS).worth)
    for number, one in enumerate(events):
        live.add(one, int(one["news_id"][1]))
        if number == seen:
            live.worth()  # a request in between
    built = read_click_log(from_rows([*clicks_of(events).values()], CLICKS), CATALOGUE, SETTINGS)
    for minutes in (0, 5, 60):
        as_of = (NOON + timedelta(minutes=minutes)).timestamp()
        found, expected = (decayed_counts(worth, as_of, 3) for worth in (live.worth(), built.counted))
        np.testing.assert_allclose(found, expected, atol=1e-9)


class Kept:
    """Events where an edition's acts are looked up."""

    def __init__(self, events):
        self._events = events

    def of_readers(self, user_ids):
        rows = [one for one in self._events if one["user_id"] in user_ids and one["kind"] not in ("page", "view")]
        return pa.Table.from_pylist(rows, EVENTS.remove_metadata())


@given(ACTS, st.integers(0, 12), st.integers(0, 3))
def test_what_changes_acts_that_the_edition_holds_is_worth_what_the_next_build_makes_of_it(drawn, cut, batches):
    events = [
        one | {"sequence": number, "time": NOON + timedelta(minutes=number)}
        for number, one in enumerate(events_of(drawn), 1)
    ]
    clicks = Clicks(read_click_log(from_rows([*clicks_of(events[:cut]).values()], CLICKS), CATALOGUE, SETTINGS))
    held = HeldActs(Kept(events), (cut, cut))
    size = max(1, len(events) >> batches)
    for start in range(cut, len(events), size):
        batch = events[start : start + size]
        for one in held.acts(batch, lambda event: clicks.knows(event, int(event["news_id"][1]))):
            clicks.hold(one, int(one["news_id"][1]))
        for one in batch:
            clicks.worth.add(one, int(one["news_id"][1]))
        clicks.worth.worth()
    built = read_click_log(from_rows([*clicks_of(events).values()], CLICKS), CATALOGUE, SETTINGS)
    for minutes in (5, 20, 60):
        as_of = (NOON + timedelta(minutes=minutes)).timestamp()
        found, expected = (decayed_counts(worth, as_of, 3) for worth in (clicks.worth.worth(), built.counted))
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_likes_long_reads_and_hides_move_popularity_and_trend_in_each_process_at_once(weighing):
    here, there = Pipeline.open(weighing.path), Pipeline.open(weighing.path)
    signals(there, "popularity")
    names = ["N44", "N45", "N46", "N47"]
    here.log([act("click", number, name, f"r{number}") for number, name in enumerate(names)])
    here.log([act("like", 10, "N44", "r9"), act("dwell", 11, "N45", "r1", 2, seconds=90), act("hide", 12, "N46", "r8")])
    here.log(act("dwell", 13, "N47", "r3", 1, seconds=1))
    later = Pipeline.open(weighing.path)
    for name in ("popularity", "trend"):
        found = signals(here, name)
        assert found == signals(there, name) == signals(later, name)
        ordered = sorted(names, key=lambda news_id: -found[news_id])
        assert ordered[:2] in (["N44", "N45"], ["N45", "N44"]), f"{name}: worth 5 each"
        assert max(found["N46"], found["N47"]) < found["N45"] / 2, f"{name}: a hide and a short read take back a click"


def test_an_undo_takes_back_what_its_act_was_worth(weighing):
    pipeline = Pipeline.open(weighing.path)
    pipeline.log(act("click", 1, "N44", "r1"))
    before = signals(pipeline, "popularity")
    pipeline.log(act("like", 2, "N45", "r2"))
    assert signals(pipeline, "popularity")["N45"] > before["N45"]
    pipeline.log(act("undo", 3, user_id="r2", undoes="e2"))
    assert signals(pipeline, "popularity") == pytest.approx(before)
