"""Questions over HTTP: the answer at once, and as a stream that goes on after a lost line."""

import json

import pytest

from broadsheet.service.serving import streams
from broadsheet.service.serving.streams import Piece, Stream, Streams

QUESTION = {"text": "space rocket planet", "k": 3}


def events_of(answer):
    """The events of a stream: name, id and data."""
    found = []
    for block in answer.text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n") if line and not line.startswith(":")]
        fields = {name: value for name, _, value in lines}
        if fields:
            found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


def test_a_question_is_answered_with_a_page(client):
    page = client.post("/v1/ask", json=QUESTION).json()
    assert page["kind"] == "request"
    assert page["request"] == "space rocket planet"
    assert len(page["stories"]) == 3
    assert page["answer"]["text"]


def test_a_stream_has_the_sentences_then_the_answer_the_page_and_the_end(client):
    answer = client.get("/v1/ask/stream", params={"q": "space rocket planet", "k": 3})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = events_of(answer)
    names = [name for name, _, _ in events]
    assert names[-3:] == ["answer", "page", "end"]
    assert set(names[:-3]) <= {"sentence"}
    page = client.post("/v1/ask", json=QUESTION).json()
    streamed = dict((name, data) for name, _, data in events)
    assert streamed["answer"] == page["answer"]
    assert [story["news_id"] for story in streamed["page"]["stories"]] == [one["news_id"] for one in page["stories"]]


def test_a_stream_goes_on_after_the_last_event_that_came(client):
    events = events_of(client.post("/v1/ask/stream", json=QUESTION))
    _, last, _ = events[-3]
    rest = events_of(client.post("/v1/ask/stream", json=QUESTION, headers={"Last-Event-ID": last}))
    assert rest == events[-2:]


@pytest.mark.parametrize("last", ["unknown.3", "x", ".", "a.999999999", "0" * 32 + ".-1"])
def test_an_unknown_last_event_begins_a_new_answer(client, last):
    events = events_of(client.post("/v1/ask/stream", json=QUESTION, headers={"Last-Event-ID": last}))
    assert [name for name, _, _ in events][-1] == "end"
    assert len(events) >= 3


@pytest.mark.parametrize("text", ["", " ", "x" * 1001, "\u0000"])
def test_a_wrong_question_is_a_problem_422_in_a_stream_too(client, text):
    assert client.post("/v1/ask", json={"text": text}).status_code == 422
    assert client.post("/v1/ask/stream", json={"text": text}).status_code == 422
    assert client.get("/v1/ask/stream", params={"q": text}).status_code == 422


def test_a_question_is_logged_only_if_its_page_counts(client, service):
    quiet = client.post("/v1/ask", json=QUESTION).json()["page_id"]
    said = client.post("/v1/ask", json=QUESTION | {"log": True}).json()["page_id"]
    pages = service.pipeline.events.pages([quiet, said]).to_pylist()
    assert [(page["page_id"], page["user_id"]) for page in pages] == [(said, "")]


async def at_once(function, *args):
    return function(*args)


async def ids_after(stream, number):
    return [event_id async for event_id, _ in stream.after(number, at_once)]


def test_pieces_are_made_only_while_somebody_waits_and_once():
    import asyncio

    made = []

    def source():
        for number in range(3):
            made.append(number)
            yield Piece("part", str(number))

    async def one():
        stream = Stream(source())
        first = await anext(stream.after(0, at_once))
        assert made == [0]
        assert first[0].endswith(".1")
        assert len(await ids_after(stream, 1)) == 2
        assert len(await ids_after(stream, 0)) == 3
        assert made == [0, 1, 2]

    asyncio.run(one())


def test_of_many_answers_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(streams, "MOST", 2)
    known = Streams()
    first, second, third = (known.new(iter(())) for _ in range(3))
    assert known.find(f"{first.id}.1") is None
    assert known.find(f"{second.id}.1") == (second, 1)
    monkeypatch.setattr(streams, "KEPT_SECONDS", -1.0)
    assert known.find(f"{third.id}.1") is None


def test_a_failure_in_a_stream_ends_it_with_a_problem(client, service, monkeypatch):
    def failing(text, k, filters):
        def parts():
            raise RuntimeError("the secret of the server")
            yield

        return parts()

    monkeypatch.setattr(service.pipeline, "ask_stream", failing)
    answer = client.post("/v1/ask/stream", json=QUESTION)
    ((name, _, data),) = events_of(answer)
    assert (name, data["status"]) == ("problem", 500)
    assert "secret" not in answer.text
