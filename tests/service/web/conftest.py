"""One newsroom on the air for each module of tests, and readers with browsers of their own."""

import base64
import json
import re
import shutil

import pytest
from fastapi.testclient import TestClient

from broadsheet.newsroom import Newsroom
from broadsheet.service.app import create_app

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def served(clicked, tmp_path_factory):
    """A copy of the newsroom with clicks and one edition, that the tests of a module change."""
    room = Newsroom(shutil.copytree(clicked.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))
    settings = '[service]\nembed_origins = ["https://site.example"]\nrequests_a_minute = 100000\n'
    settings += '[page]\nsponsored = "ad"\n'
    room.config_file.write_text(room.config_file.read_text("utf-8") + settings, "utf-8")
    return room


@pytest.fixture(scope="module")
def app(served):
    app = create_app(served)
    with TestClient(app, raise_server_exceptions=False):
        yield app


@pytest.fixture(scope="module")
def service(app):
    return app.state.service


class Browser:
    """A reader's browser: its own cookies, and the tokens of the pages that it has open."""

    def __init__(self, app):
        self.client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def get(self, path, **more):
        return self.client.get(path, **more)

    def post(self, path, on="/following", **values):
        """Send a form with the token of a page."""
        found = TOKEN.search(self.get(on).text)
        return self.client.post(path, data={"csrf_token": found[1] if found else "", **values})

    def agree(self):
        answer = self.client.post("/consent", data={"choice": "yes"})
        assert answer.status_code == 303
        return self

    @property
    def id(self):
        """The reader's id, as the signed cookie says."""
        signed = self.client.cookies["broadsheet-reader"].partition(".")[0]
        return json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))[0]


@pytest.fixture
def visitor(app):
    """A reader who did not answer yet."""
    return Browser(app)


@pytest.fixture
def reader(app):
    """A reader who agreed to be remembered."""
    return Browser(app).agree()
