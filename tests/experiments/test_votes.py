import json

import numpy as np
import pytest

from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.evaluation.experiments.report import report_experiment
from broadsheet.experiments.interleaving import team_draft
from broadsheet.experiments.measure import kept, measure
from broadsheet.experiments.votes import votes_of
from tests.support.logged_events import event, table

BOTH = ExperimentConfig(arms={"control": ArmConfig(), "fresh": ArmConfig()}, kind="interleaving")
X = {"experiment": "x", "shown": ["N1", "N2", "N3"]}


def pages(readers, chance, seed=0):
    """A page for each reader, on which articles of the second arm are clicked with a chance."""
    rng, events = np.random.default_rng(seed), []
    for number in range(readers):
        draft = team_draft(list("abc"), list("xyz"), 4, number)
        of = {"experiment": "x", "arm": draft.teams, "shown": draft.order}
        events.append(event(2 * number, "page", f"U{number}", number / 10, f"p{number}", **of))
        team = "2" if rng.random() < chance else "1"
        clicked = draft.order[draft.teams.index(team)]
        events.append(event(2 * number + 1, "click", f"U{number}", number / 10, f"p{number}", news_id=clicked))
    return table(events)


def test_votes_are_counted_by_page_and_ties_are_told():
    events = [
        event(1, "page", "ann", 0, "p1", arm="12-", **X),
        event(2, "click", "ann", 0.1, "p1", news_id="N2"),
        event(3, "click", "ann", 0.2, "p1", news_id="N3"),
        event(4, "page", "ben", 1, "p2", arm="21-", **X),
        event(5, "click", "ben", 1.1, "p2", news_id="N1"),
        event(6, "click", "ben", 1.2, "p2", news_id="N2"),
        event(7, "page", "cid", 2, "p3", arm="112", **X),
        event(8, "click", "cid", 2.1, "p3", news_id="N1"),
        event(9, "page", "dan", 3, "p4", arm="-12", **X),
        event(10, "click", "dan", 3.1, "p4", news_id="N1"),
        event(11, "page", "eve", 4, "p5", arm="control", **X),
    ]
    found = votes_of("x", BOTH, table(events))
    assert found["votes"] == {"control": 1, "fresh": 1, "tied": 1} and (found["readers"], found["pages"]) == (4, 4)
    assert found["surplus"]["mean"] == 0 and found["surplus"]["low"] is None


def test_the_arm_that_readers_prefer_is_found(built, tmp_path):
    document = measure(built, "x", BOTH, kept(pages(600, 0.7)))
    json.dumps(document, allow_nan=False)
    surplus = document["surplus"]
    assert 0 < surplus["low"] < 0.4 < surplus["high"] and surplus["p"] < 0.01
    report = report_experiment(document)
    assert "fresh is preferred" in report.markdown and len(report.write(tmp_path)) == 3


def test_equal_arms_are_not_told_apart_and_few_votes_are_not_judged():
    assert "not told apart yet" in report_experiment(votes_of("x", BOTH, pages(400, 0.5))).markdown
    assert "too few yet" in report_experiment(votes_of("x", BOTH, pages(20, 0.5))).markdown
    assert "No vote was cast yet." in report_experiment(votes_of("x", BOTH, pages(0, 0.5))).markdown


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_readers_who_all_agree_have_an_interval_and_a_p_value(chance):
    surplus, sign = votes_of("x", BOTH, pages(200, chance))["surplus"], 2 * chance - 1
    assert surplus["mean"] == sign and surplus["p"] < 0.001
    assert 0.01 < surplus["high"] - surplus["low"] < 0.2 and sign * surplus["low"] > 0
