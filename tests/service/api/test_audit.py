"""What callers change over the API is in the audit log: who, when and what, and never a reader's id."""

import time

import pytest
from fastapi.testclient import TestClient

from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.service.app import create_app
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.security.accounts.scopes import SCOPES

TEXT = {"title": "Rocket", "body": "The rocket of the lab.", "category": "science"}
READER = "a-reader-to-forget"


@pytest.fixture(scope="module")
def app(served):
    return create_app(served)


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        state = app.state.security.state
        client.headers["Authorization"] = f"Bearer {add_key(state, 'cms', SCOPES, 'tests')}"
        app.state.security.keys.look()
        yield client


@pytest.fixture
def noted(service):
    """Return the lines of the audit log since the test began: who, act and what."""
    (last,) = service.state.rows("SELECT coalesce(max(number), 0) FROM audit")[0]
    begin = int(time.time())

    def lines():
        rows = service.state.rows("SELECT at, who, act, what FROM audit WHERE number > ? ORDER BY number", last)
        assert all(begin <= at <= time.time() for at, *_ in rows)
        return [tuple(row) for _, *row in rows]

    return lines


def test_changes_of_articles_name_the_key_and_the_articles(client, noted):
    client.put("/v1/articles/A1", json=TEXT)
    client.patch("/v1/articles/A1", json={"title": "Rockets"})
    client.delete("/v1/articles/A1")
    client.post("/v1/articles/batch", json={"articles": [{"news_id": "A2", **TEXT}, {"news_id": "A3", **TEXT}]})
    assert noted() == [
        ("key cms", "articles put", "A1"),
        ("key cms", "article corrected", "A1"),
        ("key cms", "article withdrawn", "A1"),
        ("key cms", "articles put", "2 of 2: A2, A3"),
    ]


def test_a_change_that_is_refused_is_not_noted(client, noted):
    assert client.patch("/v1/articles/nobody-knows", json={"title": "Rockets"}).status_code == 404
    assert client.put("/v1/articles/A4", json={"title": "x" * 2_000}).status_code == 422
    assert noted() == []


def test_a_reader_who_is_forgotten_is_noted_by_the_newsrooms_own_hash(client, noted, served):
    assert client.post(f"/v1/readers/{READER}/forget").status_code == 200
    key = ForgottenReaders(served).key_of(READER)
    assert noted() == [("key cms", "reader forgotten", f"reader {key[:16]}")]
    assert not [path for path in served.path.rglob("*") if path.is_file() and READER.encode() in path.read_bytes()]


def test_orders_of_a_key_are_noted_with_what_they_say(client, noted):
    order = {"what": {"kind": "pin", "news_id": "N50", "slot": 2}}
    given = client.post("/v1/desk/orders", json={"order": order}).json()
    number, order_id = given["number"], given["order_id"]
    assert client.delete(f"/v1/desk/orders/{order_id}", params={"version": number}).status_code == 200
    assert client.post(f"/v1/desk/changes/{number + 1}/undo").status_code == 201
    (who, act, what), taken_off, undone = noted()
    assert (who, act) == ("key cms", "order given")
    assert what.startswith(f"change {number} of order {order_id}: ") and "N50" in what
    assert taken_off == ("key cms", "order taken off", f"change {number + 1} of order {order_id}")
    assert undone[1] == "order undone" and undone[2].startswith(f"change {number + 2} of order {order_id}: ")
