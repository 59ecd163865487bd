"""Batches of work side by side, each on one core."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits

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


def in_order(work: Callable[[Batch], Found], batches: Iterable[Batch], threads: int) -> Iterator[Found]:
    """Yield what `work` makes of each batch, in order, on `threads` cores; at most `threads` + 1 results are held.

    Meanwhile each product of NumPy takes one core, for the reason that `stream` gives.
    """
    before, waiting = torch.get_num_threads(), deque[Future[Found]]()
    try:
        with threadpool_limits(1, user_api="blas"):
            torch.set_num_threads(before)  # FAISS's library, which the limit is for too, shares torch's number
            if threads == 1:
                yield from map(work, batches)
                return
            with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                for batch in batches:
                    waiting.append(pool.submit(work, batch))
                    if len(waiting) > threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
    finally:
        torch.set_num_threads(before)
