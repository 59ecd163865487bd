"""A writer that is asked over HTTP: any OpenAI-compatible endpoint, of one's own or hired.

The fact gate reads its drafts like those of any writer. Where there is no draft, the story carries an extract or the
publisher's words; nothing else depends on whether the endpoint answers.
"""

import hashlib
import ipaddress
import logging
import math
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Event, Lock
from urllib.parse import urlsplit

from broadsheet.errors import ConfigError
from broadsheet.generate.writers.endpoint.allowance import Allowance
from broadsheet.generate.writers.endpoint.client import MOST_TOKENS, Chat, Reply
from broadsheet.generate.writers.writer import IsRefused, Write

log = logging.getLogger(__name__)

KEY_VARIABLE = "BROADSHEET_API_KEY"
"The environment variable that holds the key; the key stands nowhere else."

AT_ONCE = 4
"The most requests that wait for an answer at a time."
FIRST_WAIT, MOST_WAIT = 1.0, 30.0
"Seconds before the second try, about doubled before each further try; and the most seconds before any try."
KEPT = 5000
"Drafts kept, so that pages that share a story ask, and pay, once."
QUIET = 600.0
"Seconds between two warnings: an endpoint that is down for a day must not fill the log."


def open_endpoint(url: str, model: str, *, timeout_seconds: float, retries: int, tokens: int) -> "EndpointWriter":
    """Return the writer at an endpoint, with the key of $BROADSHEET_API_KEY if it is set; makes no request."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return EndpointWriter(url, model, key=key, timeout_seconds=timeout_seconds, retries=retries, tokens=tokens)


class EndpointWriter:
    """Drafts texts by `POST {url}/chat/completions`; makes no request before it is called.

    `timeout_seconds` bounds each try. Timeouts, broken connections, 429 and 5xx are tried again `retries` times.
    `tokens` is the budget of this writer, 0 for no bound. Safe to call from several threads, which share all bounds.
    Raises ConfigError if the key cannot stand in a header, or would go to another machine unencrypted.
    """

    method = "endpoint"
    drafts = 1
    "One draft of a headline only, as each further draft costs money."
    runs_here = False
    log_likelihoods = None

    def __init__(
        self, url: str, model: str, *, key: str = "", timeout_seconds: float = 15.0, retries: int = 2, tokens: int = 0
    ) -> None:
        _check_key(url, key)
        self._chat = Chat(url.rstrip("/"), model, key)
        self.model: str = hashlib.sha256(f"{self._chat.url} {model}".encode()).hexdigest()[:16]
        self.budget: int = tokens
        self._timeout, self._retries, self._allowance = timeout_seconds, retries, Allowance(tokens)
        self._pools: dict[int, ThreadPoolExecutor] = {}
        "The threads that ask, by process: a fork takes no threads along."
        self._lock = Lock()
        self._kept: dict[str, str] = {}
        self._asked, self._failed = 0, Counter[str]()
        self._warned = -math.inf

    def __call__(
        self,
        prompts: Sequence[str],
        *,
        job: str = "",
        count: int = 1,
        most_tokens: int = MOST_TOKENS,
        sentences: Sequence[Sequence[str]] | None = None,
        is_refused: IsRefused | None = None,
    ) -> list[list[str]]:
        """Return one draft for each prompt, in their order; an empty list for a prompt without an answer.

        Each draft costs money, so there is one whatever `count` is. The endpoint decides its length, and it comes as a
        whole, so `most_tokens` and `is_refused` have no effect.
        """
        del job, count, most_tokens, sentences, is_refused
        return self._drafts(prompts, math.inf)

    @property
    def spent_tokens(self) -> int:
        """Tokens read in prompts and written in drafts, as far as the endpoint said."""
        return self._allowance.spent

    def within(self, seconds: float) -> Write:
        """Return this writer for one page: its calls end at the latest `seconds` from now, with the drafts so far."""
        return partial(self._drafts_of_a_page, until=time.monotonic() + seconds)

    def warn(self) -> None:
        """Log how many drafts could not be had since the last warning, and why; at most once in QUIET seconds."""
        with self._lock:
            if not self._failed or time.monotonic() - self._warned < QUIET:
                return
            asked, failed, self._warned = self._asked, self._failed, time.monotonic()
            self._asked, self._failed = 0, Counter()
        why = ", ".join(f"{reason}: {count}" for reason, count in failed.most_common(5))
        log.warning(
            "Endpoint %s: %d of %d drafts had no answer (%s). Their stories carry extracts or the publisher's words; "
            "the next build asks again.",
            self._chat.url,
            failed.total(),
            asked,
            why,
        )

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            process = os.getpid()
            if process not in self._pools:
                self._pools = {process: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="endpoint")}
            return self._pools[process]

    def _drafts_of_a_page(self, prompts: Sequence[str], *, until: float, **_: int) -> list[list[str]]:
        drafts = self._drafts(prompts, until)
        self.warn()
        return drafts

    def _drafts(self, prompts: Sequence[str], until: float) -> list[list[str]]:
        over = Event()
        workers = self._workers()
        asked = [workers.submit(self._reply, prompt, until, over) for prompt in prompts]
        try:
            wait(asked, None if until == math.inf else max(0.0, until - time.monotonic()))
        finally:  # also after an interrupt: what waits is not begun, and what was asked is not tried again
            over.set()
            begun = [not one.cancel() for one in asked]
        replies = [
            one.result() if going and one.done() else Reply(problem="no time left")
            for one, going in zip(asked, begun, strict=True)
        ]
        with self._lock:
            self._asked += len(replies)
            self._failed.update(reply.problem for reply in replies if not reply.text)
        return [[reply.text] if reply.text else [] for reply in replies]

    def _reply(self, prompt: str, until: float, over: Event) -> Reply:
        with self._lock:
            if prompt in self._kept:
                return Reply(self._kept[prompt])
        reply, tried = self._tried(prompt, until, over)
        if tried:
            self._allowance.count(answered=bool(reply.text))
        if reply.text:
            with self._lock:
                self._kept[prompt] = reply.text
                if len(self._kept) > KEPT:
                    del self._kept[next(iter(self._kept))]
        return reply

    def _tried(self, prompt: str, until: float, over: Event) -> tuple[Reply, int]:
        """Return the last reply, and the number of tries."""
        reply, estimate = Reply(problem="no time left"), estimate_tokens(prompt)
        for tries in range(1 + self._retries):
            pause = wait_seconds(tries, reply.after) if tries else 0.0
            if over.wait(min(pause, max(0.0, until - time.monotonic()))) or time.monotonic() >= until:
                return reply, tries
            refused = self._allowance.take(estimate)
            if refused:
                return (reply if tries else Reply(problem=refused)), tries
            reply = self._chat.ask(prompt, max(0.01, min(self._timeout, until - time.monotonic())))
            self._allowance.settle(estimate, reply.tokens)
            if not reply.again:
                break
        return reply, tries + 1


def estimate_tokens(prompt: str) -> int:
    """Return about how many tokens a request costs, rather too many: one for three bytes, and those of a full draft."""
    return len(prompt.encode()) // 3 + MOST_TOKENS


def wait_seconds(tries: int, after: float) -> float:
    """Return the seconds to wait after `tries` tries: random, about doubling, at least `after`, at most MOST_WAIT."""
    growing = FIRST_WAIT * 2.0 ** (tries - 1) * random.uniform(0.5, 1.5)
    return min(MOST_WAIT, max(after, growing))


def _check_key(url: str, key: str) -> None:
    if not all("!" <= character <= "~" for character in key):
        raise ConfigError(
            f"{KEY_VARIABLE}: found a blank, a line break or a character beyond ASCII in the key. "
            "Set the variable to the key alone."
        )
    parts = urlsplit(url)
    if key and parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise ConfigError(
            f"writer {url!r}: the key in {KEY_VARIABLE} would go to another machine without encryption. Name an https "
            f"address, or unset {KEY_VARIABLE}."
        )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
