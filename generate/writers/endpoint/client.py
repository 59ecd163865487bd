"""One request to an OpenAI-compatible endpoint, and the many things that may come back instead of an answer.

Nothing that comes back is trusted: bytes, seconds and characters have a bound, a redirect is a failure, and what an
error page says is neither kept nor logged. The standard library's client does what is needed, without one more
dependency; it takes no proxy and no credentials from the environment, so that the key goes to the named host alone.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from broadsheet.text import one_line
from broadsheet.version import __version__

MOST_TOKENS = 128
"Tokens of a draft: a summary of 45 words, and some to spare in languages that take more of them."
MOST_BYTES = 1 << 18
"Bytes read of an answer."
MOST_CHARACTERS = 4000
"Characters of a draft; more is no headline and no summary."

_AT_A_TIME = 1 << 14


@dataclass(frozen=True)
class Reply:
    """What came back: a text, or why there is none."""

    text: str = ""
    problem: str = ""
    "Why there is no text, in a few words of our own."
    tokens: int | None = 0
    "Tokens that it cost; None where some may have been spent and nobody said how many."
    again: bool = False
    "Whether another try may help."
    after: float = 0.0
    "Seconds that the endpoint asks to wait before it."


@dataclass(frozen=True)
class Chat:
    """A model at an endpoint: asks one question, once."""

    url: str
    "Base address, such as https://host/v1."
    model: str
    key: str = field(default="", repr=False)

    def ask(self, prompt: str, seconds: float) -> Reply:
        """Ask for a draft, and wait `seconds` for it at most; never raises for what the endpoint does."""
        ends = time.monotonic() + seconds
        try:
            with self._answer(prompt, seconds) as response:
                reply = _read(response)
        except (OSError, HTTPException, ValueError) as error:
            reply = Reply(problem=f"no connection ({type(error).__name__})", again=True)
        if not reply.text and time.monotonic() >= ends:  # however it showed: nothing at all, or half an answer
            return Reply(problem="timed out", tokens=None, again=True)
        return reply

    @contextmanager
    def _answer(self, prompt: str, seconds: float) -> Iterator[HTTPResponse]:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        port = parts.port or kind.default_port  # else it would look for one in an IPv6 address
        with closing(kind(parts.hostname or "", port, timeout=seconds)) as connection:
            connection.connect()
            # The timeout is that of one read: an answer that comes a byte at a time would go on for ever.
            alarm = Timer(seconds, _cut, [connection.sock])
            alarm.daemon = True
            alarm.start()
            try:
                path = f"{parts.path.rstrip('/')}/chat/completions"
                connection.request("POST", path, self._body(prompt), self._headers())
                with closing(connection.getresponse()) as response:
                    yield response
            finally:
                alarm.cancel()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": f"broadsheet/{__version__}", "Connection": "close"}
        return headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {})

    def _body(self, prompt: str) -> bytes:
        asked = {"model": self.model, "messages": [{"role": "user", "content": prompt}]}
        return json.dumps(asked | {"max_tokens": MOST_TOKENS, "temperature": 0, "seed": 0}).encode()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not that of TLS, which another thread is reading from


def _read(response: HTTPResponse) -> Reply:
    if response.status != 200:
        again = response.status == 429 or response.status >= 500
        after = retry_after(response.headers.get("Retry-After", ""))
        return Reply(problem=f"HTTP {response.status}", again=again, after=after)
    content = b""
    while len(content) <= MOST_BYTES and (more := response.read1(_AT_A_TIME)):
        content += more
    if len(content) > MOST_BYTES:
        return Reply(problem=f"an answer of more than {MOST_BYTES} bytes", tokens=None)
    return parse(content)


def parse(content: bytes) -> Reply:
    """Return the text in the body of an answer, on one line and without control characters, or what is wrong."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Reply(problem="an answer that is not JSON", tokens=None)
    tokens = _tokens(document)
    try:
        said = document["choices"][0]["message"]["content"]
    except (TypeError, KeyError, IndexError):
        return Reply(problem="an answer without choices", tokens=tokens)
    text = one_line(said) if isinstance(said, str) else ""
    if not text:
        return Reply(problem="an answer without a text", tokens=tokens)
    if len(text) > MOST_CHARACTERS:
        return Reply(problem=f"a text of more than {MOST_CHARACTERS} characters", tokens=tokens)
    return Reply(text, tokens=tokens)


def _tokens(document: Any) -> int | None:  # noqa: ANN401
    try:
        tokens = document["usage"]["total_tokens"]
    except (TypeError, KeyError, IndexError):
        return None
    return tokens if type(tokens) is int and tokens > 0 else None


def retry_after(header: str) -> float:
    """Return the seconds that a Retry-After header asks for, as a number or a date; 0 for none and for nonsense."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return float(header)
    with suppress(ValueError, TypeError, OverflowError):
        date = parsedate_to_datetime(header)
        return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return 0.0
