from datetime import date, timedelta

import pyarrow as pa
import pytest

from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.config.settings import Config
from broadsheet.errors import ContractError
from broadsheet.experiments.measure import AFTER, DAYS_BEFORE, during, kept, measure, read_events
from broadsheet.live.events.archive import archive_of
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.event_schemas import EVENTS
from tests.support.logged_events import BEGAN, event, table

ARMS = {"control": ArmConfig(), "fresh": ArmConfig()}
WEEK = ExperimentConfig(arms=ARMS, start="2026-11-01", end="2026-11-08")
X = {"experiment": "x", "arm": "control", "shown": ["N1"]}
HOURS = 7 * 24


@pytest.fixture
def bare(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def archive(newsroom, day, *events):
    """Write the archive of the events that were received on a day."""
    rows = [{"sequence": n, "received": one["time"], **one} for n, one in enumerate(events, 1)]
    newsroom.events.mkdir(parents=True, exist_ok=True)
    write_table(archive_of(newsroom, day), pa.Table.from_pylist(rows, schema=EVENTS), EVENTS)


def names(newsroom, *experiments, config=None):
    found = read_events(newsroom, config or Config(), dict(enumerate(experiments)))
    return sorted(found.column("event_id").to_pylist())


def test_the_archive_is_read_from_four_weeks_before_the_first_experiment_to_the_last_event_of_the_last(bare):
    day, began = timedelta(days=1), BEGAN.date()
    before = timedelta(days=DAYS_BEFORE)
    archive(bare, began - before, event(1, "page", "ann", -24 * DAYS_BEFORE, "p1"))
    archive(bare, began, event(2, "view", "ann", 0, "p1"), event(3, "click", "ann", 1, "p1"))
    late = [event(4, "click", "ann", HOURS + 23, "p1"), event(5, "click", "ann", HOURS + 25, "p1")]
    archive(bare, began + 14 * day, *late)  # received a week after it happened
    for damaged in (began - before - 2 * day, began + 7 * day + AFTER + 8 * day):
        archive_of(bare, damaged).write_bytes(b"damaged")
    assert names(bare, WEEK) == ["e1", "e3", "e4"]
    archive(bare, began - before - 2 * day)
    with pytest.raises(ContractError):
        names(bare, WEEK, ExperimentConfig(arms=ARMS))  # without a start and an end, all days count


def test_dates_that_stand_for_no_start_and_no_end_are_as_good_as_none(bare, built):
    archive(bare, BEGAN.date(), event(1, "page", "ann", 0, "p1", **X), event(2, "click", "ann", 1, "p1", news_id="N1"))
    always = ExperimentConfig(arms=ARMS, start="0001-01-01T00:00:00+05:00", end="9999-12-31")
    assert names(bare, always) == names(bare, ExperimentConfig(arms=ARMS)) == ["e1", "e2"]
    found = read_events(bare, Config(), {"x": always})
    assert measure(built, "x", always, found)["arms"]["control"]["clicks"] == 1


def test_an_archive_that_takes_events_of_any_age_is_read_whole(bare):
    archive(bare, date(2027, 5, 1), event(1, "click", "ann", 1, "p1"), event(2, "click", "ann", -9999, "p1"))
    assert names(bare, WEEK) == []
    assert names(bare, WEEK, config=Config(clock="latest")) == ["e1"]


def test_pages_before_the_start_and_after_the_end_are_none_of_the_experiment(built):
    events = [event(n, "page", f"U{n}", hours, f"p{n}", **X) for n, hours in enumerate([-1, 0, HOURS - 1, HOURS])]
    events.append(event(9, "click", "U2", HOURS + 1, "p2", news_id="N1"))
    arms = measure(built, "x", WEEK, kept(table(events)))["arms"]
    assert (arms["control"]["readers"], arms["control"]["clicks"]) == (2, 1)
    assert len(during(table(events), WEEK)) == 3
    other_zone = ExperimentConfig(arms=ARMS, start="2026-11-01T02:00:00+02:00", end="2026-11-08")
    assert measure(built, "x", other_zone, kept(table(events)))["arms"] == arms
