"""A real HTTP server on a free port of this machine, which answers as a test says, and what asks it."""

import json
import logging
import socket
import time
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from broadsheet.generate import EndpointWriter

Response = tuple[int, bytes, dict[str, str]] | tuple[bytes, float]
"Status, body and headers; or what is sent over and over, with the seconds between, in an answer that never ends."
DRIP: Response = (b" ", 0.02)
FLOOD: Response = (b" " * (1 << 16), 0.0)
DOWN: Response = (500, b"", {})
PROMPTS = [f"prompt {number}" for number in range(12)]


def said(text, tokens=None) -> Response:
    """The answer of a model: a text, and what it cost if that is told."""
    answer = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    usage = {} if tokens is None else {"usage": {"total_tokens": tokens}}
    return 200, json.dumps(answer | usage).encode(), {}


class Server:
    """What a test sees of the server: its address, and the requests that came, in their order."""

    def __init__(self, port: int, answer: Callable[["Server", str], Response]) -> None:
        self.url, self.answer = f"http://127.0.0.1:{port}/v1", answer
        self.requests: list[dict] = []
        self.lock = Lock()

    @property
    def prompts(self) -> list[str]:
        return [request["body"]["messages"][0]["content"] for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        told = self.server.told
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with told.lock:
            told.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
        response = told.answer(told, body["messages"][0]["content"])
        if len(response) == 2:
            self.go_on(*response)
            return
        status, content, headers = response
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def go_on(self, part, seconds):
        self.send_response(200)
        self.end_headers()
        while not self.server.closing:
            self.wfile.write(part)
            time.sleep(seconds)

    def handle(self):
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client went away, as it may

    def log_message(self, *args):
        pass


@contextmanager
def serving(answer):
    """Serve the response that `answer(server, prompt)` gives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.closing, server.told = False, Server(server.server_port, answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.told
    finally:
        server.closing = True
        server.shutdown()
        server.server_close()
        thread.join()


def writer_of(url, **settings):
    return EndpointWriter(url, "small", **({"timeout_seconds": 5.0} | settings))


def echo(server, prompt):
    return said(f"On {prompt}")


def always(response):
    return lambda server, prompt: response


def in_turn(*responses):
    """The first request gets the first response, and so on; all later ones get the last."""
    return lambda server, prompt: responses[min(len(server.requests), len(responses)) - 1]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def reasons(writer, caplog):
    """What the one warning says of the failures."""
    with caplog.at_level(logging.WARNING):
        writer.warn()
    (record,) = caplog.records
    return record.getMessage()
