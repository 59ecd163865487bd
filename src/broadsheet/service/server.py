"""Running the service: one process, or several that share a port; SIGTERM lets requests finish."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from broadsheet.errors import InputError, NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_newsroom
from broadsheet.newsroom.service_folder import service_folder
from broadsheet.progress import Say, silent
from broadsheet.service.app import create_app
from broadsheet.service.connections import Connection
from broadsheet.service.monitoring.monitoring import FOLDER
from broadsheet.service.security.security import WORKERS

log = logging.getLogger(__name__)

VARIABLE = "BROADSHEET_SERVES"
"""Tells the worker processes which newsroom they serve."""
DRAIN_SECONDS = 30
"""Most seconds that requests have to finish after SIGTERM."""
MOST_CONNECTIONS = 1_000
"""Connections of a worker; further requests are answered with status 503 by uvicorn itself."""


def serve(newsroom: Path, host: str, port: int, workers: int, say: Say = silent) -> None:
    """Answer requests until SIGTERM or Ctrl-C; `say` gets a line with the address once the newsroom can be served.

    With several workers each process is started anew and opens its models itself: nothing is forked with models open.
    Raises NewsroomError if no edition is published, and InputError if nothing can listen at the host and port.
    """
    import uvicorn

    room: Newsroom = given_newsroom(newsroom)
    room.current()  # told now, in a sentence, and not by each worker
    require_writable(room)
    _require_free(host, port)
    at = f"[{host}]" if ":" in host else host
    say(f"The front page will be at http://{at}:{port}/ once the models are open; Ctrl-C ends.")
    os.environ[VARIABLE], os.environ[WORKERS] = str(room.path), str(workers)
    with _shared_metrics(workers), _ended_by_signals():
        uvicorn.run(
            "broadsheet.service.server:worker",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            timeout_keep_alive=15,
            http=Connection,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
        )


def require_writable(newsroom: Newsroom) -> None:
    """Raise NewsroomError if the newsroom is read-only here and its settings keep in it what the service must write."""
    if os.access(newsroom.path, os.W_OK):
        return
    config, needs = newsroom.config(), []
    if service_folder(newsroom).is_relative_to(newsroom.path):
        needs.append('[service] state, a folder of this machine, such as "/var/lib/broadsheet/paper"')
    if not config.events:
        needs.append('events, the address of a PostgreSQL database, such as "postgresql://USER@HOST/DATABASE"')
    if needs:
        raise NewsroomError(
            f"{newsroom.path}: this user may not write here, and the service keeps keys, users and events. Set in "
            f"broadsheet.toml: {'; '.join(needs)}. Or let this user own the folder."
        )
    log.warning(
        "%s: this user may not write here. Pages and events work; changes of articles, orders, editions and of what "
        "readers choose are refused with status 503.",
        newsroom.path,
    )


def _require_free(host: str, port: int) -> None:
    """Raise InputError if nothing can listen at a host and port: told now, and not after the models are opened."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        raise InputError(
            f"--host {host} --port {port}: {error.strerror}. Expected an address of this machine and a port that no "
            "program uses, such as --port 8080."
        ) from error


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C, by which a service is meant to end, be no failure."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    except SystemExit as end:
        if end.code != 128 + signal.SIGTERM:
            raise


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """Give several workers a folder for their metrics, which begin at zero with each start of the service."""
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="broadsheet-metrics-") as folder:
        os.environ[FOLDER] = folder
        yield


def worker() -> FastAPI:
    """Return the application of a worker process."""

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    return create_app(Newsroom(Path(os.environ[VARIABLE])), say)
