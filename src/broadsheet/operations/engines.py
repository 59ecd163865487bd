"""The engines that a build can run on, by name; nothing of Ray is imported before it is asked for."""

from __future__ import annotations

from broadsheet.errors import InputError
from broadsheet.nightly.stage import Engine
from broadsheet.nightly.stages import local_engine


def choose_engine(name: str, address: str | None = None) -> Engine:
    """Return the engine "local", or "ray": on the cluster at `address` (HOST:PORT or auto), else started here.

    Raises InputError for another name, for an address without Ray, and where Ray is not installed.
    """
    if name == "local":
        if address is not None:
            raise InputError(f"--address {address}: the local engine has none. Add --engine ray, or leave it out.")
        return local_engine
    if name != "ray":
        raise InputError(f"--engine: found {name!r}, expected local or ray.")
    from broadsheet.nightly.ray.engine import ray_engine

    return ray_engine(address)
