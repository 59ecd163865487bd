"""One request to an OpenAI-compatible endpoint: its answer, or what went wrong.

The endpoint is not trusted: bytes, seconds and characters are bounded, a redirect is a failure, and the text of an
error page is neither kept nor logged. Requests go straight to httpx2's transport, which uses no cookies, follows no
redirects, and reads no proxies or credentials from the environment. So only the named host gets the key.
"""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Timer, local
from typing import Any

import httpx2

from broadsheet.text import one_line
from broadsheet.version import __version__

MOST_TOKENS = 128
"Most tokens of a draft: enough for a summary of 45 words, also in languages that need more tokens for a word."
MOST_BYTES = 1 << 18
"Most bytes of an answer; a longer answer is refused."
MOST_CHARACTERS = 4000
"Most characters of a draft: a longer text is no headline and no summary."


@dataclass(frozen=True)
class Reply:
    """What came back: a text, or why there is no text."""

    text: str = ""
    problem: str = ""
    "Why there is no text, in a few words of our own; never words of the endpoint."
    tokens: int | None = 0
    "Tokens that the request cost; None if it may have cost some and the endpoint did not say how many."
    again: bool = False
    "Whether another try may help."
    after: float = 0.0
    "Seconds that the endpoint asks to wait before another try."


class _Line:
    """The one connection of a thread to the endpoint, which is kept open between two requests."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.socket: socket.socket | None = None
        self.is_over = False
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=5.0)
        self.transport = httpx2.HTTPTransport(verify=context, trust_env=False, limits=limits)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the socket of a new connection, encrypted or not, so that `cut` can end it."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.socket = info["return_value"].get_extra_info("socket")
            if self.is_over:  # the time ended while the connection was made
                self.cut()

    def cut(self) -> None:
        """End the connection, from another thread than the one that reads from it; or as soon as there is one."""
        self.is_over = True
        if self.socket is not None:
            with suppress(OSError):  # closed already
                # The plain socket's shutdown: TLS has its own, which would touch the state that the reader is using.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class Chat:
    """A model at an endpoint, asked once for each prompt. Several threads can ask at a time."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        """Take the base address, such as https://host/v1, the model's name there, and the key if there is one."""
        self.url, self.model, self._key = url, model, key
        # The default context checks certificates and honours $SSL_CERT_FILE; the other one trusts no certificate.
        is_encrypted = url.startswith("https:")
        self._context = ssl.create_default_context() if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._of_thread = local()

    def ask(self, prompt: str, seconds: float) -> Reply:
        """Ask for a draft, and wait at most `seconds` for it; whatever the endpoint does, nothing is raised."""
        ends, status = time.monotonic() + seconds, 0
        try:
            with self._answer(prompt, seconds) as response:
                status = response.status_code
                reply = _read(response)
        except (OSError, httpx2.TransportError, httpx2.InvalidURL, ValueError) as error:
            # After status 200 the model has answered: its tokens are paid for, though the answer broke off.
            tokens = None if status == 200 else 0
            reply = Reply(problem=f"no connection ({type(_root(error)).__name__})", tokens=tokens, again=True)
        if not reply.text and time.monotonic() >= ends:  # no answer at all, or half an answer that could not be read
            return Reply(problem="timed out", tokens=None, again=True)
        return reply

    @contextmanager
    def _answer(self, prompt: str, seconds: float) -> Iterator[httpx2.Response]:
        line = self._line()
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        request = httpx2.Request(
            "POST",
            f"{self.url.rstrip('/')}/chat/completions",
            headers=self._headers(),
            content=self._body(prompt),
            extensions={"timeout": timeout, "trace": line.trace},
        )
        # The timeout holds for each read; the alarm holds for all, else an answer sent byte by byte would never end.
        line.is_over = False
        alarm = Timer(seconds, line.cut)
        alarm.daemon = True
        alarm.start()
        try:
            response = line.transport.handle_request(request)
            try:
                yield response
            finally:
                response.close()
        finally:
            alarm.cancel()

    def _line(self) -> _Line:
        """Return this thread's connection."""
        if not hasattr(self._of_thread, "line"):
            self._of_thread.line = _Line(self._context)
        line: _Line = self._of_thread.line
        return line

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": f"broadsheet/{__version__}"}
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    def _body(self, prompt: str) -> bytes:
        asked = {"model": self.model, "messages": [{"role": "user", "content": prompt}]}
        return json.dumps(asked | {"max_tokens": MOST_TOKENS, "temperature": 0, "seed": 0}).encode()


def _root(error: BaseException) -> BaseException:
    """Return the first error of a chain of errors, such as a refused connection."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error


def _read(response: httpx2.Response) -> Reply:
    if response.status_code != 200:
        again = response.status_code == 429 or response.status_code >= 500
        after = retry_after(response.headers.get("Retry-After", ""))
        return Reply(problem=f"HTTP {response.status_code}", again=again, after=after)
    content = b""
    for more in response.iter_raw():
        content += more
        if len(content) > MOST_BYTES:
            return Reply(problem=f"an answer of more than {MOST_BYTES} bytes", tokens=None)
    return parse(content)


def parse(content: bytes) -> Reply:
    """Return the text in the body of an answer, on one line and without control characters, or say what is wrong."""
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
    """Return the seconds that a Retry-After header asks for, as a number or a date; 0 if it is empty or is neither."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return float(header)
    with suppress(ValueError, TypeError, OverflowError):
        date = parsedate_to_datetime(header)
        return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return 0.0
