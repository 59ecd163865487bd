import numpy as np
import pytest

from broadsheet.evaluation.experiments import interleaving
from broadsheet.evaluation.experiments.benchmark import measure_experiments
from broadsheet.evaluation.experiments.null_experiments import ONCE, PEEKED, SEQUENCE, decisions
from broadsheet.evaluation.experiments.simulated import HOURS, rates_by_hour, simulate
from broadsheet.experiments.statistics.ratios import rate


@pytest.fixture(scope="module")
def one():
    return simulate(500, np.random.default_rng(0), lift=0.5)


def test_the_rates_at_each_hour_are_those_of_the_pages_until_then(one):
    rates, readers, clicks = rates_by_hour(one)
    for hour in (30, HOURS - 1):
        for arm in (0, 1):
            until = (one.hour < hour + 1) & (one.arms[one.reader] == arm)
            clicked = np.bincount(one.reader[until], one.clicked[until], 500)
            pages = np.bincount(one.reader[until], minlength=500)
            came = pages > 0
            expected = rate(clicked[came], pages[came])
            assert (rates.mean[hour, arm], rates.error[hour, arm]) == pytest.approx(
                (float(expected.mean), float(expected.error))
            )
            assert (readers[hour, arm], clicks[hour, arm]) == (came.sum(), clicked.sum())


def test_a_large_difference_is_decided_by_all_and_by_peeking_first(one):
    found = decisions(simulate(1_500, np.random.default_rng(1), lift=1.0))
    assert found[PEEKED] <= found[SEQUENCE] < found[ONCE] == HOURS - 1


def test_equal_arms_are_told_apart_more_often_by_peeking():
    found = [decisions(simulate(800, np.random.default_rng(seed))) for seed in range(40)]
    wrong = {test: np.mean([np.isfinite(each[test]) for each in found]) for test in (PEEKED, SEQUENCE)}
    assert wrong[PEEKED] > 0.1 and wrong[SEQUENCE] <= 0.1


def test_the_report_of_the_benchmark_has_all_its_tables(monkeypatch, tmp_path):
    monkeypatch.setattr(interleaving, "RUNS", 20)
    said = []
    report = measure_experiments(5, 400, 3, 2_000, said.append)
    document = report.document
    assert document["interleaving"]["large"]["votes_for_better"] > 0.5 and len(document["splits"]) == 6
    assert "| confidence sequence |" in report.markdown and "lift of 20%" in report.markdown
    assert report.write(tmp_path)[2].read_bytes().startswith(b"\x89PNG") and said
