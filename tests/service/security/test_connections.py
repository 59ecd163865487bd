"""Connections of a real server: headers that come too slowly or never end, and what is no HTTP."""

import socket
import threading

import pytest
import uvicorn

from broadsheet.service import connections
from broadsheet.service.connections import Connection


async def app(scope, receive, send):
    if scope["type"] == "http":
        split = [(b"x-forged", scope["query_string"].replace(b"%0d", b"\r").replace(b"%0a", b"\n"))]
        await send({"type": "http.response.start", "status": 204, "headers": split})
        await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def port():
    config = uvicorn.Config(app, port=0, http=Connection, ws="none", lifespan="off", log_level="critical")
    server, place = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    yield place.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def caller(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        yield caller


def answer(caller):
    found = b""
    try:
        while piece := caller.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def test_headers_that_come_too_slowly_end_the_connection(monkeypatch, port):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.05)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as silent:
        assert answer(silent) == b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert answer(slow).startswith(b"HTTP/1.1 408 ")


def test_headers_of_a_second_request_on_a_connection_have_a_time_limit_too(monkeypatch, caller):
    caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert caller.recv(65536).startswith(b"HTTP/1.1 204 ")
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.05)
    caller.sendall(b"GET / HTTP/1.1\r\n")
    assert answer(caller).startswith(b"HTTP/1.1 408 ")


def test_headers_without_an_end_end_the_connection(caller):
    caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    with pytest.raises(OSError):
        for _ in range(100_000):
            caller.sendall(b"X-Long: " + b"x" * 1000 + b"\r\n")


def test_requests_after_one_another_are_answered_on_one_connection(caller):
    for _ in range(3):
        caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert caller.recv(65536).startswith(b"HTTP/1.1 204 ")


def test_requests_sent_at_once_are_all_answered(caller):
    caller.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer(caller).count(b"HTTP/1.1 204 ") == 3


def test_a_value_with_a_line_break_makes_no_header(caller):
    caller.sendall(b"GET /?a%0d%0aSet-Cookie:%20b=c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer(caller) == b""  # the server ends the connection


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_400(caller, sent):
    caller.sendall(sent)
    assert answer(caller).startswith(b"HTTP/1.1 400 ")
