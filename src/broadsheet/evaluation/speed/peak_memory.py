"""The peak memory of a piece of work: of the GPU, or of the process under Linux."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


@contextmanager
def peak_memory() -> Iterator[Callable[[], float | None]]:
    """Yield a function that returns the peak memory of the block, in GB above the memory before; None if unknown."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        yield lambda: round((torch.cuda.max_memory_allocated() - before) / 1e9, 2)
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)  # else memory freed by the step before would count as held already
        Path("/proc/self/clear_refs").write_text("5", "utf-8")  # sets the peak back
        before = _resident("VmRSS")
    except (OSError, AttributeError):
        yield lambda: None
        return
    yield lambda: round((_resident("VmHWM") - before) / 1e9, 2)


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
