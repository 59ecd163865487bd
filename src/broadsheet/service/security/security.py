"""What the service's security needs, opened once for each process: database, keys, limits and settings."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from fastapi import Request

from broadsheet.config.service import ServiceConfig
from broadsheet.live.events.limits import MOST_IN_A_MINUTE
from broadsheet.newsroom import Newsroom
from broadsheet.readers.forgotten import open_forgotten
from broadsheet.service.security.accounts.keys import Keys
from broadsheet.service.security.guarding.access_log import open_access_log
from broadsheet.service.security.guarding.address import Addresses
from broadsheet.service.security.guarding.limits import Limits
from broadsheet.service.security.secret import read_secret
from broadsheet.service.serving.state import State

WORKERS = "BROADSHEET_WORKERS"
"""The environment variable that says how many processes share the requests, and so the limits."""


class Security:
    """Shared by all requests; safe to share between threads."""

    def __init__(self, newsroom: Newsroom, state: State, settings: ServiceConfig) -> None:
        """Read the keys that sign, and those of callers; raises NewsroomError if a file of them cannot be used."""
        self.state, self.settings = state, settings
        self.secret = read_secret(newsroom)
        self.keys = Keys(state)
        self._forgotten = open_forgotten(newsroom)
        self.addresses = Addresses(settings.trusted_proxies)
        workers = max(1, int(os.environ.get(WORKERS, "1")))
        self.limits = Limits(settings.requests_a_minute / workers)
        self.events = Limits(MOST_IN_A_MINUTE / workers)
        """Counts the events that readers' browsers send, by when they came: a browser may say any time."""
        self.is_https = settings.public_url.lower().startswith("https:")
        """Whether readers reach the service by https, by its settings."""

    def start(self) -> None:
        """Look for keys that other processes add and revoke, until `close`."""
        self.keys.watching.start()
        if self.settings.access_log:
            open_access_log()

    def is_forgotten(self, reader_id: str, signed: datetime) -> bool:
        """Return whether a reader was forgotten after the second in which a cookie or token of the reader was signed.

        Whoever still has it is not this reader any more: it would bring the id back into the files.
        """
        return self._forgotten().covers(reader_id, signed + timedelta(seconds=1))

    def close(self) -> None:
        """Stop looking."""
        self.keys.watching.stop()


def security_of(request: Request) -> Security:
    """Return the security of the service that answers a request."""
    security: Security = request.app.state.security
    return security
