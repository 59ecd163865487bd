"""What the service's security needs, opened once for each process: database, keys that sign, settings."""

from __future__ import annotations

from fastapi import Request

from broadsheet.config.service import ServiceConfig
from broadsheet.newsroom import Newsroom
from broadsheet.service.security.secret import read_secret
from broadsheet.service.serving.state import State


class Security:
    """Shared by all requests; safe to share between threads."""

    def __init__(self, newsroom: Newsroom, state: State, settings: ServiceConfig) -> None:
        """Read the keys that sign; raises NewsroomError if their file cannot be used."""
        self.state, self.settings = state, settings
        self.secret = read_secret(newsroom)


def security_of(request: Request) -> Security:
    """Return the security of the service that answers a request."""
    security: Security = request.app.state.security
    return security
