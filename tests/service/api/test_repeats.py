"""The header Idempotency-Key: a request that is sent twice changes something once."""

import pytest

from broadsheet.service.serving import repeats
from broadsheet.service.serving.problems import ServiceError

PATH = "/v1/articles/once"
ARTICLE = {"title": "Rocket", "body": "The rocket of the lab.", "category": "science"}


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
