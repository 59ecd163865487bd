import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from broadsheet.retrieval.training.examples import ClickExample
from tests.retrieval.towers.test_two_towers import batch_of, gradients, towers

ROOT = Path(__file__).parents[3]
WEIGHTS = {"in_batch": 0.7, "anchor": 0.5}
HALVES = (
    [ClickExample([0, 3, 6], 9, [1, 2], others=[12]), ClickExample([1, 4], 7, [2])],
    [ClickExample([2, 5], 8, [10, 11]), ClickExample([3, 4, 13], 12, [14])],
)
"""Clicks of two processes; the first knows an article that the second one's batch has clicked."""


def run_two(*arguments, timeout=120):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """The gradients of two processes, each with half of the clicks."""
    folder = tmp_path_factory.mktemp("gradients")
    command = ("-m", "tests.retrieval.two_processes", str(folder))
    try:
        done = run_two(*command, timeout=60)
    except subprocess.TimeoutExpired:  # two processes can miss each other at the start on a busy machine
        done = run_two(*command)
    assert done.returncode == 0, done.stderr[-3000:]
    return [load_file(folder / f"{rank}.safetensors") for rank in (0, 1)]


def test_two_processes_have_the_gradients_of_one_with_twice_the_batch(halves):
    both = [*HALVES[0], *HALVES[1]]
    model = towers(**WEIGHTS)
    expected = gradients(model, batch_of(both))
    for found in halves:
        loss = found.pop("loss")
        assert loss.isfinite() and set(found) == set(expected)
        for name, gradient in expected.items():
            torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-4, msg=name)


def test_the_clicks_of_the_other_process_compete(halves):
    alone = [gradients(towers(**WEIGHTS), batch_of(half)) for half in HALVES]
    mean = {name: (alone[0][name] + alone[1][name]) / 2 for name in alone[0]}
    assert any(not torch.allclose(halves[0][name], mean[name], atol=1e-4) for name in mean)
