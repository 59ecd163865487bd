"""One newsroom on the air for each module of tests, and a client whose key may do everything."""

import shutil

import pytest
from fastapi.testclient import TestClient

from broadsheet.newsroom import Newsroom
from broadsheet.service.app import create_app
from broadsheet.service.security.accounts.scopes import SCOPES
from broadsheet.service.security.caller import Caller, caller_of


@pytest.fixture(scope="module")
def served(built, tmp_path_factory):
    """A copy of the newsroom with one edition, that the tests of a module change."""
    return Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))


@pytest.fixture(scope="module")
def app(served):
    app = create_app(served)
    app.dependency_overrides[caller_of] = lambda: Caller("key", "site", frozenset(SCOPES))
    return app


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def service(app, client):
    return app.state.service
