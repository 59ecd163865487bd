"""Orders of editors over the API."""

import pytest

from broadsheet.service.security.accounts.keys import add_key

ORDERS = "/v1/desk/orders"


@pytest.fixture(scope="module")
def key(app, client):
    """A call with a key of the scope desk."""
    state = app.state.security.state
    secret = add_key(state, "cms", ["desk"], "tests")
    app.state.security.keys.look()
    return {"Authorization": f"Bearer {secret}"}


def pin(slot=1, **more):
    return {"order": {"what": {"kind": "pin", "news_id": "N50", "slot": slot}}, **more}


def test_an_order_is_given_listed_changed_and_taken_off(client, key, book):
    given = client.post(ORDERS, json=pin(), headers=key)
    assert given.status_code == 201, given.text
    change = given.json()
    assert change["editor"] == "cms" and change["in_force"] and change["order"]["what"]["slot"] == 1
    assert client.get(ORDERS, headers=key).json()["changes"] == [change]
    again = client.post(ORDERS, json=pin(3, version=change["number"]), headers=key).json()
    assert again["order_id"] == change["order_id"]
    undone = client.post(f"/v1/desk/changes/{again['number']}/undo", headers=key).json()
    assert undone["order"]["what"]["slot"] == 1 and undone["undoes"] == again["number"]
    gone = client.delete(f"{ORDERS}/{change['order_id']}", params={"version": undone["number"]}, headers=key)
    assert gone.status_code == 200 and gone.json()["order"] is None
    assert client.get(ORDERS, headers=key).json()["changes"] == []
    numbers = [one["number"] for one in client.get("/v1/desk/changes", params={"k": 2}, headers=key).json()["changes"]]
    assert numbers == [gone.json()["number"], undone["number"]]


def test_an_order_that_changed_since_is_a_conflict_that_says_who_changed_it(client, key, book):
    first = client.post(ORDERS, json=pin(), headers=key).json()
    for answer in (
        client.post(ORDERS, json=pin(2), headers=key),
        client.delete(f"{ORDERS}/{first['order_id']}", params={"version": 0}, headers=key),
    ):
        assert answer.status_code == 409 and "cms changed it at" in answer.json()["detail"]


def test_a_page_that_was_made_a_moment_ago_follows_an_order_at_once(client, key, book, app):
    reads = add_key(app.state.security.state, "site", ["pages"], "tests")
    app.state.security.keys.look()

    def page():
        answer = client.get("/v1/readers/reader/page?log=false", headers={"Authorization": f"Bearer {reads}"})
        return [story["news_id"] for story in answer.json()["stories"]]

    before = page()
    given = client.post(ORDERS, json={"order": {"what": {"kind": "pin", "news_id": before[-1]}}}, headers=key).json()
    assert page()[0] == before[-1]
    client.post(f"/v1/desk/changes/{given['number']}/undo", headers=key)
    assert page() == before


def test_a_repeated_call_with_its_idempotency_key_gives_one_order(client, key, book):
    before = len(book().changes)
    answers = [client.post(ORDERS, json=pin(), headers={**key, "Idempotency-Key": "one"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201] and len(book().changes) == before + 1


def test_words_that_the_gate_does_not_pass_are_published_only_anyway(client, key, book, app):
    text = app.state.service.pipeline.bench.data.catalogue.news.slice(50, 1).to_pylist()[0]["content_hash"]
    words = {"kind": "rewrite", "news_id": "N50", "content_hash": text, "headline": "Wins 300 cups in Paris"}
    refused = client.post(ORDERS, json={"order": {"what": words}}, headers=key)
    assert refused.status_code == 422 and "number 300" in refused.json()["detail"]
    given = client.post(ORDERS, json={"order": {"what": words}, "anyway": True}, headers=key)
    assert given.status_code == 201 and "number 300" in given.json()["note"]
    stale = {**words, "content_hash": "0" * 16}
    assert client.post(ORDERS, json={"order": {"what": stale}, "anyway": True}, headers=key).status_code == 422


def test_what_is_unknown_wrong_or_not_allowed_is_a_problem(client, key, book, app):
    assert client.get(ORDERS).status_code == 401
    reads = add_key(app.state.security.state, "reads", ["pages"], "tests")
    app.state.security.keys.look()
    for call in (client.get, client.post):
        assert call(ORDERS, headers={"Authorization": f"Bearer {reads}"}).status_code == 403
    unknown = {"order": {"what": {"kind": "bury", "news_id": "unknown"}}}
    assert client.post(ORDERS, json=unknown, headers=key).status_code == 422
    assert client.post(ORDERS, json={"order": {"what": {"kind": "shout"}}}, headers=key).status_code == 422
    assert client.delete(f"{ORDERS}/{'0' * 16}", params={"version": 1}, headers=key).status_code == 404
    assert client.delete(f"{ORDERS}/x", params={"version": 1}, headers=key).status_code == 422
    assert client.post("/v1/desk/changes/999999/undo", headers=key).status_code == 404
    assert not book().standing
