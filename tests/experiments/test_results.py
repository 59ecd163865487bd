import json

import numpy as np
import pytest

from broadsheet.config.arms import with_settings
from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.config.settings import Config
from broadsheet.errors import InputError
from broadsheet.experiments.measure import chosen, kept, measure
from tests.support.logged_events import make_events

ARMS = {"control": ArmConfig(), "fresh": ArmConfig()}
SPLIT = ExperimentConfig(arms=ARMS, start="2026-11-01")


@pytest.fixture(scope="module")
def measured(built):
    """Measures made-up events; the articles are those of the newsroom."""

    def run(experiment=SPLIT, **how):
        return measure(built, "x", experiment, kept(make_events("x", experiment, **how)))

    return run


@pytest.fixture(scope="module")
def better(measured):
    """An arm with twice the clicks, ten times the hides and slower pages, whose readers were seen before."""
    return measured(rates=(0.2, 0.4), hides=(0.01, 0.1), before=6)


def test_the_arms_are_counted_and_the_document_is_json(better):
    json.dumps(better, allow_nan=False)
    arms = better["arms"]
    assert sum(arm["readers"] for arm in arms.values()) == 800 and arms["control"]["pages"] > 1_000
    assert arms["control"]["click_rate"]["mean"] == pytest.approx(arms["control"]["clicks"] / arms["control"]["pages"])
    assert arms["fresh"]["click_rate"]["low"] < 0.38 < arms["fresh"]["click_rate"]["high"]
    assert arms["control"]["first_page"]["low"] < 0.2 < arms["control"]["first_page"]["high"]


def test_a_true_difference_is_found_and_lies_in_the_interval(better):
    found = better["differences"]["fresh"]
    assert 0 < found["low"] < 0.19 < found["high"] and found["p"] < 0.001
    assert found["relative"]["mean"] == pytest.approx(found["mean"] / better["arms"]["control"]["click_rate"]["mean"])
    assert len(found["looks"]) == len(better["times"]) and found["looks"][-1]["low"] == found["low"]
    assert found["looks"][0]["low"] is None  # too few readers


def test_what_was_known_before_narrows_the_interval(better):
    found, cuped = better["differences"]["fresh"], better["differences"]["fresh"]["cuped"]
    assert cuped["explained"] > 0.02 and cuped["high"] - cuped["low"] < found["high"] - found["low"]
    assert cuped["low"] < 0.19 < cuped["high"]


def test_guard_rails_give_the_alarm_where_an_arm_is_surely_worse(better, measured):
    guards = better["guards"]["fresh"]
    assert {name: guard["alarm"] for name, guard in guards.items()} == {
        "hides": True,
        "diversity": False,
        "seconds": True,
    }
    assert guards["diversity"]["mean"] == 0.75  # N0 to N3 are of three categories
    assert not measured(hides=(0.05, 0.05))["guards"]["fresh"]["hides"]["alarm"]


def test_arms_that_are_the_same_are_not_told_apart_and_a_true_split_gives_no_alarm(measured):
    document = measured()
    found = document["differences"]["fresh"]
    assert found["low"] < 0 < found["high"] and found["p"] > 0.05
    assert not document["split"]["alarm"] and document["split"]["shares"] == {"control": 0.5, "fresh": 0.5}


def test_a_broken_split_gives_the_alarm(built):
    events = kept(make_events("x", SPLIT, readers=1_500, pages=1))
    lost = np.random.default_rng(0).random(len(events)) < 0.5
    arms = np.array(events.column("arm").to_pylist()) == "fresh"
    document = measure(built, "x", SPLIT, events.filter(~(lost & arms)))
    assert document["split"]["alarm"] and document["split"]["found"]["fresh"] == pytest.approx(1 / 3, abs=0.05)


def test_too_few_readers_have_no_interval(measured):
    document = measured(readers=60)
    assert document["differences"]["fresh"]["low"] is None and document["differences"]["fresh"]["p"] == 1
    assert not any(guard["alarm"] for guard in document["guards"]["fresh"].values())


def test_an_experiment_without_pages_has_its_arms_alone(built):
    document = measure(built, "x", SPLIT, kept(make_events("x", SPLIT, readers=0)))
    assert document["arms"]["control"] == {"readers": 0, "pages": 0, "clicks": 0, "hides": 0}
    assert "differences" not in document


def test_each_of_several_arms_is_compared_with_the_first_at_a_stricter_level(measured):
    arms = ExperimentConfig(arms={"a": ArmConfig(), "b": ArmConfig(), "c": ArmConfig(weight=0)})
    document = measured(arms)
    assert list(document["differences"]) == ["b", "c"] and document["alpha"] == 0.025
    assert document["split"]["found"].keys() == {"a", "b"} and document["arms"]["c"]["click_rate"]["mean"] is None


def test_an_experiment_is_chosen_by_its_name():
    config = with_settings(Config(), {"experiments": {"x": {"arms": {"a": {}, "b": {}}}}})
    assert list(chosen(config, None)) == list(chosen(config, "x")) == ["x"]
    with pytest.raises(InputError, match="experiment 'y': found x in"):
        chosen(config, "y")
    with pytest.raises(InputError, match="found no experiment in"):
        chosen(Config(), None)
