"""A service in a process of its own, as an operator starts it, and the load of wrk upon it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import psutil
from httpx2 import Client, HTTPError

from broadsheet.errors import InputError, NewsroomError

LUA = "requests.lua"
READY_WITHIN = 300.0
"""Seconds after which a service that is not ready is given up."""


@dataclass(frozen=True)
class Running:
    """A service that is ready."""

    process: subprocess.Popen[bytes]
    address: str
    "Such as http://127.0.0.1:40123."
    key: str
    "An API key of a site."
    seconds_to_ready: float

    def memory(self) -> float:
        """Return the memory of the service's processes in MB."""
        first = psutil.Process(self.process.pid)
        return float(sum(one.memory_info().rss for one in [first, *first.children(recursive=True)])) / 1e6

    def client(self) -> Client:
        """Return a client that has the key."""
        return Client(base_url=self.address, headers={"Authorization": f"Bearer {self.key}"}, timeout=60)


@contextmanager
def running(
    newsroom: Path, key: str, workers: int = 1, *, port: int = 0, log: IO[bytes] | None = None
) -> Iterator[Running]:
    """Serve a newsroom until the block ends, at a free port unless `port` names one; `log` takes what it prints.

    Raises NewsroomError if the service does not start.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "broadsheet", "serve", str(newsroom), "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--workers", str(workers)], stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, address)
        yield Running(process, address, key, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def load(
    service: Running, requests: Sequence[str], lua: Path, connections: int, seconds: float, pause_ms: float = 0
) -> dict[str, Any]:
    """Return what wrk found: requests, seconds, p50_ms, p99_ms and errors of each kind.

    `requests` are lines "METHOD PATH BODY", sent in turn by each of the connections; a connection waits `pause_ms`
    between two requests. Raises InputError if wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise InputError("wrk is not installed. Install it: apt-get install wrk.")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        file.write_text("\n".join(requests) + "\n", "utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", str(lua)]
        arguments = [service.address, "--", str(file), service.key, str(pause_ms)]
        said = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    errors = sum(found[name] for name in found if name.endswith("errors") or name == "timeouts")
    return {**found, "errors": errors, "per_second": found["requests"] / found["seconds"]}


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.perf_counter() + READY_WITHIN
    while time.perf_counter() < until and process.poll() is None:
        try:
            with Client() as client:
                if client.get(f"{address}/v1/health/ready", timeout=5).status_code == 200:
                    return
        except HTTPError:
            time.sleep(0.02)
    raise NewsroomError(f"The service at {address} is not ready after {READY_WITHIN:.0f} s. Look at what it printed.")


def free_port() -> int:
    """Return a port of this machine that nothing listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
