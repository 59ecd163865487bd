import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency

from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.experiments.assignment import Assignment, arm_of, assign, draw, shares_of

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
READERS = [f"U{number}" for number in range(30_000)]


def experiment(share=1.0, salt="", start="", end="", **weights):
    arms = {name: ArmConfig(weight=float(weight)) for name, weight in (weights or {"a": 1, "b": 1}).items()}
    return ExperimentConfig(arms=arms, share=share, salt=salt, start=start, end=end)


def arms_of(name, one):
    return [arm_of(name, one, reader) for reader in READERS]


def counts(found):
    names, sizes = np.unique(found, return_counts=True)
    return dict(zip(names.tolist(), sizes.tolist(), strict=True))


def test_arms_have_readers_by_their_weights():
    sizes = counts(arms_of("x", experiment(a=1, b=2, c=3)))
    expected = np.array([5_000, 10_000, 15_000])
    statistic = sum((np.array([sizes[name] for name in "abc"]) - expected) ** 2 / expected)
    assert statistic < chi2.ppf(0.999, 2)


def test_two_experiments_and_two_salts_of_an_experiment_are_independent():
    one = arms_of("x", experiment())
    for other in (arms_of("y", experiment()), arms_of("x", experiment(salt="again"))):
        table = [[sum(a == i and b == j for a, b in zip(one, other, strict=True)) for i in "ab"] for j in "ab"]
        assert chi2_contingency(table).pvalue > 0.001


def test_the_numbers_of_a_reader_are_uniform_and_independent():
    drawn = np.array([draw("x", "", reader) for reader in READERS])
    assert (drawn >= 0).all() and (drawn < 1).all()
    grid, _, _ = np.histogram2d(*drawn.T, bins=10, range=[[0, 1], [0, 1]])
    assert ((grid - 300) ** 2 / 300).sum() < chi2.ppf(0.999, 99)


def test_a_larger_share_lets_readers_in_and_moves_nobody():
    small, large = arms_of("x", experiment(share=0.2)), arms_of("x", experiment(share=0.6))
    assert all(before in ("", after) for before, after in zip(small, large, strict=True))
    assert sum(map(bool, small)) == pytest.approx(6_000, abs=300)
    assert sum(map(bool, large)) == pytest.approx(18_000, abs=400)


def test_an_arm_of_weight_0_has_no_reader_and_the_order_of_the_arms_decides_nothing():
    assert "c" not in counts(arms_of("x", experiment(a=1, b=1, c=0)))
    assert arms_of("x", experiment(a=1, b=3)) == arms_of("x", experiment(b=3, a=1))
    assert shares_of(experiment(b=3, a=1)) == {"a": 0.25, "b": 0.75}


def test_a_reader_keeps_the_arm_in_every_process():
    # The numbers are parts of the SHA-256 of '["x", "", "U0"]', so that no later version moves readers.
    code = (
        "from broadsheet.config.experiments import ArmConfig, ExperimentConfig as E\n"
        "from broadsheet.experiments.assignment import arm_of\n"
        "print(''.join(arm_of('x', E(arms={'a': ArmConfig(), 'b': ArmConfig()}), f'U{n}') for n in range(20)))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == "".join(arms_of("x", experiment())[:20])
    assert draw("x", "", "U0") == (0.2551002838714105, 0.7162572130311143)


@pytest.mark.parametrize(
    ("hours", "runs"), [(-1, False), (0, True), (23, True), (24, False)], ids=["before", "start", "within", "end"]
)
def test_an_experiment_runs_from_its_start_until_before_its_end(hours, runs):
    one = experiment(start="2026-11-01T12:00:00Z", end="2026-11-02T12:00:00")
    assert bool(assign({"x": one}, "U0", NOW + timedelta(hours=hours)).arms) == runs


def test_a_reader_is_in_several_experiments_at_once_and_without_an_id_in_none():
    both = {"x": experiment(), "y": experiment()}
    found = assign(both, "U0", NOW)
    assert (found.experiment, len(found.arms)) == ("x,y", 2)
    assert found.arm == f"{arm_of('x', both['x'], 'U0')},{arm_of('y', both['y'], 'U0')}"
    assert assign(both, "", NOW) == Assignment() and Assignment().experiment == Assignment().arm == ""
