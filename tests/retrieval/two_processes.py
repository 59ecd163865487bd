"""One of two processes of a training, started by torch.distributed.run: its gradients go into a file."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from tests.retrieval.towers.test_two_towers import batch_of, towers
from tests.retrieval.training.test_two_towers_distributed import HALVES, WEIGHTS


def work(folder: Path) -> None:
    """Go backward on this process's half of the clicks, and write the gradients that both then have."""
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    model = DistributedDataParallel(towers(**WEIGHTS), find_unused_parameters=True)
    loss = model(**batch_of(HALVES[rank]))
    loss.backward()
    found = {name: part.grad for name, part in model.module.named_parameters() if part.grad is not None}
    save_file({**found, "loss": loss.detach()}, folder / f"{rank}.safetensors")
    del model, loss, found  # freed after the group, their threads can wait for it for ever
    distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    work(Path(sys.argv[1]))
