"""Models in a process that was forked from one that had loaded them, as gunicorn --preload and celery do.

A fork takes only the forking thread along. The threads that torch and FAISS keep for their products are gone in the
child, and a product that waits for them would wait for ever. So in the child a product takes one thread. The packed
encoders still use all cores: they give each core batches of its own, in threads that are new for each call.
"""

import os
import sys

from broadsheet.errors import ModelError

_state = {"forked": False}


def threads_here(threads: int) -> int:
    """Return how many threads a single product may use: `threads`, or 1 in a forked process."""
    return 1 if _state["forked"] else threads


def check_device() -> None:
    """Raise ModelError in a process that was forked after models were put on a GPU: CUDA does not work in it."""
    if not _state["forked"] or "torch" not in sys.modules:
        return
    import torch

    if torch.cuda._is_in_bad_fork():
        raise ModelError(
            "this process was forked from a process that had its models on a GPU, which does not work in a fork. Open "
            "the newsroom in each process itself: gunicorn without --preload, or the worker_process_init of celery."
        )


def _in_the_child() -> None:
    _state["forked"] = True
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "faiss" in sys.modules:
        sys.modules["faiss"].omp_set_num_threads(1)


os.register_at_fork(after_in_child=_in_the_child)
