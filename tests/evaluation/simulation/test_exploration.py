from dataclasses import replace

import numpy as np
import pytest

from broadsheet.evaluation.simulation import exploration
from broadsheet.evaluation.simulation.counters import Counters
from broadsheet.evaluation.simulation.exploration import Policy, measure_exploration, over_seeds
from broadsheet.evaluation.simulation.exploration_report import report_exploration
from broadsheet.evaluation.simulation.fast import draw_page, run_days
from broadsheet.evaluation.simulation.lists import _with_newest
from broadsheet.evaluation.simulation.world import make_world
from broadsheet.rerank.exploration.policy import Candidates, Exploration, marginals_of


def test_pages_are_drawn_with_the_probabilities_of_the_pipelines_own_draw():
    candidates = Candidates(np.linspace(1, 0, 6))
    policy = Exploration("softmax", temperature=0.5)
    marginals = marginals_of(policy, candidates, 3, 2)
    rng, counts, draws = np.random.default_rng(0), np.zeros((3, 6)), 6000
    for _ in range(draws):
        page, _ = draw_page(policy, candidates, 3, 2, rng)
        counts[np.arange(3), page] += 1
    error = np.sqrt(marginals * (1 - marginals) / draws)
    assert (np.abs(counts / draws - marginals) <= 4.5 * error + 1e-9).all()


def test_a_page_without_a_budget_is_the_list_from_the_top():
    candidates = Candidates(np.linspace(1, 0, 5))
    page, explored = draw_page(Exploration("thompson"), candidates, 3, 0, np.random.default_rng(0))
    assert page.tolist() == [0, 1, 2] and explored == 0


def test_every_tenth_place_has_the_best_of_the_newest_below_it():
    order, newest = np.arange(15)[None], np.zeros((1, 15), bool)
    newest[0, [12, 14]] = True
    assert _with_newest(order, newest, 15)[0].tolist() == [*range(9), 12, 9, 10, 11, 13, 14]
    newest[0, 9] = True
    assert _with_newest(order, newest, 15)[0].tolist() == [*range(15)]


def test_counters_halve_clicks_in_six_hours_and_click_rates_in_a_day():
    counters = Counters(np.array([0, 0]), 6.0)
    counters.add_hour(np.array([0, 0, 1]), np.array([0]))
    for _ in range(23):
        counters.add_hour(np.zeros(0, int), np.zeros(0, int))
    rates = counters.posteriors()
    assert rates.clicks == pytest.approx([0.5, 0]) and rates.examined == pytest.approx([1.0, 0.5])
    assert counters._decayed == pytest.approx([1 / 16, 0])
    assert counters.trends().tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)  # nothing in the last six hours


def test_an_interval_over_seeds_is_that_of_the_t_distribution():
    found = over_seeds(np.array([1.0, 2.0, 3.0]))
    assert found == pytest.approx({"mean": 2.0, "low": 2 - 4.3027 / 3**0.5, "high": 2 + 4.3027 / 3**0.5}, abs=1e-4)
    assert over_seeds(np.array([1.0])) == {"mean": 1.0, "low": None, "high": None}
    assert over_seeds(np.array([1.0, np.nan]))["mean"] is None


def test_days_are_the_same_again_and_a_policy_changes_pages_and_not_readers(bench):
    world = make_world(bench.data, 30, 1, 0)
    one, again = (run_days(bench, world, Exploration("thompson"), 1) for _ in range(2))
    assert one.days == again.days and np.array_equal(one.showings, again.showings)
    greedy = run_days(bench, world, Exploration(), 1)
    assert greedy.days[0].pages == one.days[0].pages > 0 and greedy.days[0].explored == 0 < one.days[0].explored
    for day in (*one.days, *greedy.days):
        assert day.long_reads <= day.clicks and 0 < day.expected <= day.best
    assert one.showings.sum() <= 10 * one.days[0].pages


def test_a_higher_weight_of_a_signal_changes_the_pages_without_any_exploration(bench):
    world = make_world(bench.data, 30, 2, 0)
    plain, same, other = (
        run_days(bench, world, Exploration(), 2, weights) for weights in ({}, {"click_rate": 0.2}, {"click_rate": 9.0})
    )
    assert plain.days == same.days != other.days  # 0.2 is the default
    assert other.days[1].explored == 0 and other.days[1].pages == plain.days[1].pages


def test_a_reader_is_never_shown_again_what_was_clicked(bench):
    world = make_world(bench.data, 3, 1, 0)
    eager = world._replace(behaviour=replace(world.behaviour, base=50.0, after_long_read=1.0, patience=1.0))
    run = run_days(bench, eager, Exploration(), 1)
    assert run.days[0].clicks <= 3 * len(bench.data.catalogue) and run.showings.max(initial=0) <= 3


def test_the_report_has_all_policies_in_both_worlds_and_draws_them(bench, monkeypatch, tmp_path):
    control = Policy(Exploration(), {"click_rate": 3.0})
    policies = {"greedy": Policy(Exploration()), "control": control, "thompson": Policy(Exploration("thompson"))}
    monkeypatch.setattr(exploration, "POLICIES", policies)
    said = []
    report = report_exploration(measure_exploration(bench, 8, 1, 2, said.append))
    assert [*report.document["worlds"]] == ["hidden quality", "no hidden quality"] and len(said) == 4
    assert report.document["worlds"]["hidden quality"]["greedy"]["gain"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert report.document["policies"]["control"]["weights"] == {"click_rate": 3.0}
    assert "| thompson |" in report.markdown and "which no text shows" in report.markdown
    assert "| `patience` | 0.9 | Probability to look at the next slot" in report.markdown
    paths = report.write(tmp_path)
    assert len(paths) == 5 and all(path.read_bytes().startswith(b"\x89PNG") for path in paths[2:])
