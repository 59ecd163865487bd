"""A service whose caller is an operator with an API key; the tests of a module share it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from broadsheet.newsroom import Newsroom


@pytest.fixture(scope="module")
def room(clicked: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """A copy of the newsroom with clicks, which the service may write to."""
    from broadsheet.newsroom import Newsroom

    path: Path = tmp_path_factory.mktemp("ops") / "room"
    return Newsroom(shutil.copytree(clicked.path, path, symlinks=True))


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A caller of the service, who is an operator."""
    pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    from broadsheet.service.app import create_app
    from broadsheet.service.security.caller import Caller, caller_of

    app = create_app(room)
    app.dependency_overrides[caller_of] = lambda: Caller("key", "night", frozenset({"operations", "pages", "events"}))
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.fixture
def app(client: TestClient) -> FastAPI:
    """The application that `client` calls."""
    return client.app  # type: ignore[return-value]
