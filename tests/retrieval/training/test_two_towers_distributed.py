from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from broadsheet.retrieval.training.examples import ClickExample
from tests.retrieval.towers.test_two_towers import batch_of, gradients, towers
from tests.support.two_processes import run_two

WEIGHTS = {"in_batch": 0.7, "anchor": 0.5}
HALVES = (
    [ClickExample([0, 3, 6], 9, [1, 2], others=[12]), ClickExample([1, 4], 7, [2])],
    [ClickExample([2, 5], 8, [10, 11]), ClickExample([3, 4, 13], 12, [14])],
)
"""Clicks of two processes; the first knows an article that the second one's batch has clicked."""


def work(folder: Path) -> None:
    """Go backward on this process's half of the clicks, and write the gradients that both then have."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    model = DistributedDataParallel(towers(**WEIGHTS), find_unused_parameters=True)
    loss = model(**batch_of(HALVES[rank]))
    loss.backward()
    found = {name: part.grad for name, part in model.module.named_parameters() if part.grad is not None}
    save_file({**found, "loss": loss.detach()}, folder / f"{rank}.safetensors")
    del model, loss, found  # freed after the group, their threads can wait for it for ever
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """The gradients of two processes, each with half of the clicks."""
    folder = tmp_path_factory.mktemp("gradients")
    run_two(work, folder, output=folder)
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
