"""Ray started on this machine, or joined on a cluster, quietly; and let go at the end."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from broadsheet.errors import InputError

ANSWER_SECONDS = 10.0
OBJECT_STORE = 100 << 20
"""Bytes of Ray's shared memory: names and row numbers pass through it, never tables."""
PASSED_ON = ("BROADSHEET_CACHE", "HF_HOME", "HF_HUB_OFFLINE")
"""Environment of the driver that workers need to find the same models."""


def require_ray() -> None:
    """Raise InputError where Ray is not installed."""
    if find_spec("ray") is None:
        raise InputError("engine ray: Ray is not installed. Run pip install 'broadsheet[ray]', or leave it out.")


@contextmanager
def cluster(address: str | None, workers: int | None = None) -> Iterator[int]:
    """Yield the number of cores of the cluster at `address`, or of one started here: `workers` cores, None for all.

    Raises InputError if there is no cluster at the address. Workers have one thread each.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else its C++ code writes to the terminal, whatever we say
    import ray
    from ray.data import DataContext

    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    settings: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "runtime_env": {"env_vars": passed | {"OMP_NUM_THREADS": "1"}},
    }
    if address is None:
        own = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": OBJECT_STORE}
        ray.init("local", **settings, **own)
    else:
        _join(address, settings)
    try:
        _be_quiet(DataContext.get_current())
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def _join(address: str, settings: dict[str, Any]) -> None:
    import ray

    if address != "auto":
        _knock(address)
    try:
        ray.init(address, **settings)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"address {address}: no Ray cluster can be joined ({reason}). {_HELP}") from error


_HELP = (
    "Start one with `ray start --head` and name its HOST:PORT, give this process the cluster's token if it wants one, "
    "or leave the address out."
)


def _knock(address: str) -> None:
    """Raise InputError unless something listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except ValueError as error:
        raise InputError(f"address: found {address!r}, expected HOST:PORT or auto.") from error
    except OSError as error:
        raise InputError(f"address {address}: nothing answers there ({error}). {_HELP}") from error


def _be_quiet(context: Any) -> None:  # noqa: ANN401
    """Leave progress to the build's own bar, which is silent where the output is not a terminal."""
    context.enable_progress_bars = False
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)
