"""Two processes that train as one: forked, with the environment that torch.distributed.run would give them."""

import os
import socket
import sys
from pathlib import Path

from tests.support.forks import start_forks


def run_two(work, *arguments, output: Path, timeout=120):
    """Run `work(*arguments)` in two processes; returns what each printed.

    Forked from a process with all imports, since two new interpreters would cost more than all that they train.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outputs = [output / f"{rank}.txt" for rank in (0, 1)]
    forks = start_forks()
    both = [forks.Process(target=_work, args=(rank, port, outputs[rank], work, arguments)) for rank in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join(timeout)
    codes = [process.exitcode for process in both]
    for process in both:
        process.kill()
    printed = [path.read_text("utf-8") for path in outputs]
    assert codes == [0, 0], f"exit codes {codes}: {printed}"
    return printed


def _work(rank, port, output, work, arguments):
    descriptor = os.open(output, os.O_CREAT | os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.dup2(descriptor, sys.stderr.fileno())
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    work(*arguments)
