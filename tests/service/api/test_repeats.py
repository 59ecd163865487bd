"""The header Idempotency-Key: a request that is sent twice changes something once."""

from contextlib import contextmanager

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from broadsheet.service.app import create_app
from broadsheet.service.security import repeats
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.serving.problems import ServiceError

PATH = "/v1/articles/once"
ARTICLE = {"title": "Rocket", "body": "The rocket of the lab.", "category": "science"}


@pytest.fixture(scope="module")
def app(served):
    """The application without a stand-in for its callers: a repeat is known by its key."""
    return create_app(served)


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key_of(app, 'site', 'articles', 'pages')}"
        yield client


def key_of(app, name, *scopes):
    """A key that was made for a test, and is in force."""
    keys, key = app.state.security.keys, add_key(app.state.security.state, name, scopes, "tests")
    keys.look()
    keys.check(key)
    keys.look()  # writes that the key was used today, so that nothing is to be written when it is used again
    return key


@contextmanager
def nothing_written(state):
    """Fail if any process writes to the service's database in the block."""
    before = state.version(), state.rows("SELECT count(*) FROM idempotency")
    yield
    assert (state.version(), state.rows("SELECT count(*) FROM idempotency")) == before


def put(client, key, article=ARTICLE):
    return client.put(PATH, json=article, headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_first_answer_again_and_changes_nothing(client):
    first = put(client, "a")
    client.delete(PATH)
    again = put(client, "a")
    assert again.json() == first.json()
    assert again.status_code == first.status_code
    assert again.headers["idempotency-replayed"] == "true"
    assert client.get(PATH).status_code == 404
    assert put(client, "b").json()["taken"] == 1
    assert client.get(PATH).status_code == 200


def test_the_key_of_another_request_is_a_problem_422(client):
    put(client, "c")
    answer = put(client, "c", ARTICLE | {"title": "Another"})
    assert answer.status_code == 422
    assert "another request" in answer.json()["detail"]
    assert client.delete(PATH, headers={"Idempotency-Key": "c"}).status_code == 422


def test_a_request_that_failed_may_be_sent_again_with_its_key(client):
    assert put(client, "d", {"title": "x" * 2000}).status_code == 422
    assert put(client, "d").status_code == 200


def test_a_key_is_refused_while_its_first_request_is_answered_and_free_after_a_kill(service, monkeypatch):
    assert repeats._begin(service.state, "key site", "e", b"1") is None
    with pytest.raises(ServiceError) as busy:
        repeats._begin(service.state, "key site", "e", b"1")
    assert busy.value.status == 409
    assert repeats._begin(service.state, "key other", "e", b"1") is None  # the key of another caller
    monkeypatch.setattr(repeats, "GIVEN_UP", -1)
    assert repeats._begin(service.state, "key site", "e", b"1") is None


def test_an_answer_is_forgotten_after_a_day(client, monkeypatch):
    put(client, "f")
    monkeypatch.setattr(repeats, "KEPT_SECONDS", -1)
    assert "idempotency-replayed" not in put(client, "f", ARTICLE | {"title": "Another"}).headers


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_of_a_wrong_length_is_a_problem_422(client, key):
    assert put(client, key).status_code == 422


def changing_routes(app):
    """The address and the method of every change that may be sent with the header."""
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            if method != "get" and any(one["name"] == "idempotency-key" for one in operation.get("parameters", ())):
                yield method, path.replace("{number}", "1").replace("{order_id}", "0" * 16)


def test_no_route_writes_anything_for_a_caller_that_it_refuses(app, client, service):
    keys = {401: "bs_" + "0" * 55, 403: key_of(app, "poor", "pages")}
    found = [*changing_routes(app)]
    assert len(found) > 15
    for status, key in keys.items():
        headers = {"Idempotency-Key": "forged", "Authorization": f"Bearer {key}"}
        with nothing_written(service.state):
            answers = {(method, path): client.request(method, path, headers=headers) for method, path in found}
        assert {place: answer.status_code for place, answer in answers.items()} == dict.fromkeys(answers, status)


def test_a_route_that_anybody_may_call_cannot_keep_answers():
    router = APIRouter(route_class=repeats.OnceRoute)
    with pytest.raises(ValueError, match="need a scope"):
        router.post("/open")(lambda: None)
