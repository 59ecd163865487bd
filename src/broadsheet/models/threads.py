"""Batches of work side by side, each on one core."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from broadsheet.models.forks import threads_here

Batch = TypeVar("Batch")
Found = TypeVar("Found")


def stream(work: Callable[[Batch], Found], batches: Sequence[Batch], threads: int) -> list[Found]:
    """Return what `work` makes of each batch, in order; `threads` is the number of threads that torch uses.

    The alternative, all threads sharing each product, makes them wait for one another: on a machine that does other
    work too, it takes many times as long.
    """
    if len(batches) <= 1 or threads == 1:
        return [work(batch) for batch in batches]
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(work, batches))
    finally:
        torch.set_num_threads(threads_here(threads))  # torch gives the number that was set last to every new thread
