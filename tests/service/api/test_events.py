"""Events over HTTP: one, many, and twice."""

import json
from itertools import count

import pytest

from broadsheet.service.api import events as routes

BATCH = "/v1/events/batch"
LINES = {"Content-Type": "application/x-ndjson"}
numbers = count(1)


def click(**fields):
    event = {"event_id": f"k{next(numbers)}", "kind": "click", "user_id": "fan", "time": "2024-05-03T10:00:00Z"}
    return event | {"news_id": "N1"} | fields


def test_an_event_is_on_the_disk_when_the_answer_comes_and_counts_once(client, service):
    event = click()
    first, second = (client.post("/v1/events", json=event).json() for _ in range(2))
    assert (first["taken"], first["new"]) == ({"click": 1}, 1)
    assert (second["new"], second["repeated"]) == (0, 1)
    assert len(service.pipeline.events.with_ids([event["event_id"]])) == 1


def test_a_refused_event_is_a_problem_422_with_the_reason(client):
    answer = client.post("/v1/events", json=click(news_id="N999"))
    assert answer.status_code == 422
    assert "unknown article" in answer.json()["detail"]


def test_what_is_no_json_is_said_with_its_place(client):
    answer = client.post("/v1/events", content=b'{"event_id": ]', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["detail"].startswith(
        "body: expected JSON; not so at character 13"
    )


def test_a_batch_that_is_refused_whole_says_how_many_events_for_each_reason(client):
    answer = client.post(BATCH, json=[click(kind="dance"), click(news_id="N999"), click(kind="dance")])
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert "; unknown article (found 'N999'" in detail and "unknown kind (found 'dance'" in detail
    assert detail.count(", 2 events") == 1 and detail.index(", 2 events") < detail.index("unknown article")


@pytest.mark.parametrize("lines", [False, True])
def test_of_a_batch_what_can_be_taken_is_taken_and_the_rest_is_counted_by_reason(client, lines):
    events = [click(), click(kind="dance"), click(news_id="N999"), click()]
    body = "\n".join(map(json.dumps, events)) + "\n\n" if lines else json.dumps(events)
    answer = client.post(BATCH, content=body, headers=LINES if lines else {"Content-Type": "application/json"})
    assert answer.status_code == 200
    report = answer.json()
    assert report["taken"] == {"click": 2}
    assert report["refused"] == {"unknown kind": 1, "unknown article": 1}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("[", "application/json", 422),
        ("{}", "application/json", 422),
        ("[1]", "application/json", 422),
        ("[]", "application/json", 422),
        ("[" * 100_000, "application/json", 422),
        ("[" + "9" * 5000 + "]", "application/json", 422),
        ('{"kind": "click"}\n{', "application/x-ndjson", 422),
        (b"\xff\xfe", "application/x-ndjson", 422),
        ("[]", "text/csv", 415),
        ("[]", "", 415),
    ],
)
def test_a_body_that_holds_no_events_is_a_problem(client, body, kind, status):
    assert client.post(BATCH, content=body, headers={"Content-Type": kind}).status_code == status


def test_more_events_than_a_request_may_have_are_refused_unread(client, monkeypatch):
    monkeypatch.setattr(routes, "MOST_EVENTS", 2)
    answer = client.post(BATCH, json=[click(), click(), click()])
    assert answer.status_code == 422
    assert "3 events" in answer.json()["detail"]


def test_odd_values_are_refused_and_never_an_error_of_the_server(client):
    odd = [
        click(time="2024-05-03T10:00:00Z", user_id="\ud800"),
        click(event_id="x" * 201),
        click(slot=1e400),
        click(seconds=float("nan"), kind="dwell"),
        click(time=10**30),
        click(user_id={"a": 1}),
        click(kind=["click"]),
    ]
    answer = client.post(BATCH, content=json.dumps(odd), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"].count("(") >= len(odd) and "unknown kind" in answer.json()["detail"]
