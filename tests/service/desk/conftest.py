"""One newsroom on the air for each module of tests, and the browser of an editor who signed in."""

import re
import shutil
from html import unescape

import pytest
from fastapi.testclient import TestClient

from broadsheet.newsroom import Newsroom
from broadsheet.orders.book import OrderBook
from broadsheet.service.app import create_app
from broadsheet.service.security.accounts.users import add_user

PASSWORD = "correct horse battery"


class Desk:
    """An editor's browser without JavaScript: it shows pages and sends their forms."""

    def __init__(self, client):
        self.client, self.page, self.status = client, "", 0

    def see(self, address, **asked):
        return self._shown(self.client.get(address, params=asked))

    def send(self, action, **changed):
        """Send the first form of the page in sight with this action, with its fields as they are, and some changed."""
        form = re.search(rf'<form method="post" action="{re.escape(action)}"(.*?)</form>', self.page, re.DOTALL)[1]
        fields = dict(re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', form))
        return self._shown(self.client.post(action, data={**fields, **changed}))

    def _shown(self, answer):
        self.page, self.status = unescape(answer.text), answer.status_code
        return self.page


@pytest.fixture(scope="module")
def served(built, tmp_path_factory):
    """A copy of the newsroom with one edition, that the tests of a module change."""
    return Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))


@pytest.fixture(scope="module")
def app(served):
    return create_app(served)


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        for name in ("ann", "bob"):
            add_user(app.state.security.state, name, "editor", PASSWORD, "tests")
        yield client


def signed_in(app, name):
    client = TestClient(app, raise_server_exceptions=False)  # its own cookies; the service is started already
    answer = client.post("/login", data={"name": name, "password": PASSWORD}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return Desk(client)


@pytest.fixture(scope="module")
def ann(app, client):
    return signed_in(app, "ann")


@pytest.fixture(scope="module")
def bob(app, client):
    return signed_in(app, "bob")


@pytest.fixture
def book(served):
    """The book of orders, and afterwards nothing stands in it."""
    found = OrderBook(served)
    yield found
    for change in found().standing:
        found.remove(change.order_id, "tests", change.number)
