"""The engines that a build can run on, by name. Ray is imported only if it is asked for."""

from __future__ import annotations

from broadsheet.errors import InputError
from broadsheet.nightly.stage import Engine
from broadsheet.nightly.stages import local_engine


def choose_engine(name: str, address: str | None = None) -> Engine:
    """Return the engine "local" or "ray". Ray runs on the cluster at `address` (HOST:PORT or auto), or is started here.

    Raises InputError for another name, for an address without Ray, and if Ray is not installed.
    """
    if name == "local":
        if address is not None:
            raise InputError(
                f"address {address}: the local engine has none. Choose the engine ray, or leave the address out."
            )
        return local_engine
    if name != "ray":
        raise InputError(f"engine: found {name!r}, expected local or ray.")
    from broadsheet.nightly.ray.engine import ray_engine

    return ray_engine(address)
