"""A reader's data over HTTP: exported as one file, and forgotten with the next request."""

import json
from datetime import datetime

import pytest

ACT = {"event_id": "save-1", "kind": "save", "user_id": "fan", "time": "2024-05-03T10:00:00Z", "news_id": "N12"}


def test_all_that_is_held_of_a_reader_comes_as_lines_of_json(client):
    client.put("/v1/readers/fan/profile", json={"text": "football cup"})
    client.post("/v1/events", json=ACT)
    answer = client.get("/v1/readers/fan/export")
    assert answer.headers["content-type"] == "application/x-ndjson" and answer.headers["cache-control"] == "no-store"
    head, *rows = map(json.loads, answer.text.splitlines())
    assert (head["broadsheet"], head["version"], head["user_id"]) == ("reader", 1, "fan")
    assert [row["table"] for row in rows] == ["users", "profiles", "events"]
    assert rows[0]["row"]["history"] == ["N0", "N3", "N6"] and rows[2]["row"]["news_id"] == "N12"
    assert len(client.get("/v1/readers/somebody/export").text.splitlines()) == 1


def test_a_forgotten_reader_gets_the_page_of_a_new_reader_whatever_was_stored(client):
    page, mutes = "/v1/readers/voter/page", "/v1/readers/voter/mutes"
    client.put(mutes, json={"categories": ["sports"]})
    client.post(
        "/v1/events",
        json=ACT | {"event_id": "f", "kind": "follow", "user_id": "voter", "field": "topic", "value": "law"},
    )
    before = client.get(page).json()
    answer = client.post("/v1/readers/voter/forget").json()
    assert answer["models"] == [] and answer["until"][:2] == "20" and "voter" not in json.dumps(answer)
    after, nobody = client.get(page).json(), client.get("/v1/readers/somebody/page").json()
    assert after["kind"] == "new" != before["kind"]
    assert [one["news_id"] for one in after["stories"]] == [one["news_id"] for one in nobody["stories"]]
    assert client.get(mutes).json() == {"categories": [], "sources": []}
    assert client.get("/v1/readers/voter/follows").json() == {"follows": []}
    assert client.get("/v1/readers/voter/history").json()["history"] == []
    assert client.get("/v1/readers/voter/profile").json()["text"] == ""
    assert len(client.get("/v1/readers/voter/export").text.splitlines()) == 1
    late = ACT | {"event_id": "late", "user_id": "voter"}
    assert "forgotten" in json.dumps(client.post("/v1/events", json=late).json())


@pytest.mark.parametrize("user_id", ["%00", "%20", "x" * 600])
def test_what_cannot_be_an_id_is_refused(client, user_id):
    for method, path in (("GET", "export"), ("POST", "forget")):
        assert client.request(method, f"/v1/readers/{user_id}/{path}").status_code == 422


def test_a_forgotten_reader_goes_from_the_services_own_files_without_a_build(client, service):
    state, reader = service.state, "only-on-this-machine"
    with state.change() as db:
        db.execute("INSERT INTO feeds VALUES (?, ?, 0)", (b"1", reader))
        db.execute("INSERT INTO feeds VALUES (?, ?, 0)", (b"2", "another"))
        db.execute("INSERT INTO audit (at, who, act, what) VALUES (0, 'key site', 'noted', ?)", (f"about {reader}",))
    client.post(f"/v1/readers/{reader}/forget")
    assert service.forgotten_state.look() and not service.forgotten_state.look()
    assert {row[0] for row in state.rows("SELECT reader FROM feeds")} >= {"another"}
    for path in state.path.parent.iterdir():
        assert reader.encode() not in path.read_bytes(), path


def test_what_the_service_holds_is_exported_until_the_forgetting_and_again_from_then_on(client, service):
    state, reader = service.state, "comes-back"
    rows = ("INSERT INTO pushes VALUES (?, 'N1', '2026-12-01', ?)", "INSERT INTO stopped_letters VALUES (?, ?)")

    def service_rows():
        _, *lines = map(json.loads, client.get(f"/v1/readers/{reader}/export").text.splitlines())
        return sorted(line["name"] for line in lines if line["table"] == "service")

    with state.change() as db:
        for row in rows:
            db.execute(row, (reader, 1))
    assert service_rows() == ["pushes", "stopped_letters"]
    until = datetime.fromisoformat(client.post(f"/v1/readers/{reader}/forget").json()["until"])
    assert service_rows() == []
    with state.change() as db:
        db.execute("UPDATE stopped_letters SET at = ? WHERE user_id = ?", (int(until.timestamp()) + 1, reader))
    client.post("/v1/readers/somebody-else/forget")
    assert service.forgotten_state.look()
    assert service_rows() == ["stopped_letters"], "a reader who came back gets no letters, whoever is forgotten later"
