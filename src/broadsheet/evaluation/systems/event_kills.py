"""Processes killed while they log events: whether an event that was acknowledged is lost, or any is there twice."""

from __future__ import annotations

import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from broadsheet.config.settings import Config
from broadsheet.errors import NewsroomError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.systems.event_traffic import make_newsroom, requests
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.store import EventStore, open_events
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say

FORKS = multiprocessing.get_context("forkserver")
PRELOAD = ["broadsheet.evaluation.systems.event_kills", "broadsheet.live.events.stores.sqlite_store", "psycopg"]
PROCESSES, CALLERS = 2, 4
"""Processes that log at the same time, each from several threads."""
LONGEST = 0.4
"""Seconds in which a process is killed, after its first call."""
AT_ONCE = 100_000

Ids = list[str]


def work(path: Path, address: str, seed: int, again: list[int], link: Connection) -> None:
    """Log requests from several threads until killed, and tell of each before and after; first those of `again`."""
    newsroom = Newsroom(path)
    log = EventLog(open_events(newsroom, Config(events=address)), KnownArticles(newsroom))
    telling = Lock()

    def tell(message: object) -> None:
        with telling:
            link.send(message)

    def call(number: int) -> None:
        events = next(requests(number))
        tell(("begin", number, [event["event_id"] for event in events]))
        report = log(events)
        tell(("done", number, report.taken.total(), dict(report.refused)))

    def caller(name: int) -> None:
        turn = 0
        while True:
            call(seed * 1_000_000 + name * 100_000 + turn)
            turn += 1

    for number in again:
        call(number)
    for name in range(CALLERS):
        Thread(target=caller, args=(name,), daemon=True).start()
    time.sleep(60)


@dataclass
class Ledger:
    """What the processes told: the events of each call, and which calls were acknowledged."""

    begun: dict[int, Ids] = field(default_factory=dict)
    "Calls of which nobody knows whether they happened, by number."
    sure: set[str] = field(default_factory=set)
    "Events that were acknowledged."
    calls: int = 0

    def hear(self, message: tuple[Any, ...]) -> None:
        """Note a message; raises NewsroomError if a good event was refused."""
        if message[0] == "begin":
            self.begun[message[1]] = message[2]
            return
        _, number, taken, refused = message
        ids = self.begun.pop(number)
        if taken != len(ids):
            raise NewsroomError(f"call {number}: {taken} of {len(ids)} events were taken, refused: {refused}")
        self.sure.update(ids)
        self.calls += 1


def measure_event_kills(rounds: int, seed: int, address: str, say: Say) -> dict[str, Any]:
    """Kill `rounds` processes that log into one store, and return the document.

    `address` is that of an empty PostgreSQL database, or empty for SQLite. A call that a kill cut short is sent again
    by the next process, as a site would. Raises NewsroomError at the first event that is lost or there twice.
    """
    FORKS.set_forkserver_preload(PRELOAD)
    rng, ledger, killed, resent = random.Random(seed), Ledger(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        newsroom = make_newsroom(Path(folder) / "newsroom")
        store = open_events(newsroom, Config(events=address))
        seen = Seen()
        while killed < rounds:
            again = sorted(ledger.begun)
            resent += len(again)
            for number in again:
                del ledger.begun[number]
            started = [
                _start(newsroom, address, seed + killed + place + 1, again[place::PROCESSES])
                for place in range(PROCESSES)
            ]
            for process, link in started:
                _kill(process, link, rng.uniform(0, LONGEST), ledger)
            killed += len(started)
            seen.read(store, ledger, f"kill {killed}")
            say(f"{killed} kills, {ledger.calls} calls, {store.last()} events")
    return {
        **stamp(),
        **{"store": "postgresql" if address else "sqlite", "seed": seed, "kills": killed, "callers": CALLERS},
        **{"acknowledged_calls": ledger.calls, "acknowledged_events": len(ledger.sure)},
        **{"calls_cut_short_and_sent_again": resent, "events": seen.last, "lost": 0, "twice": 0},
    }


class Seen:
    """What was read from the store: each event once, and the numbers without a gap."""

    def __init__(self) -> None:
        self.ids, self.last = set[str](), 0

    def read(self, store: EventStore, ledger: Ledger, when: str) -> None:
        """Read what is new; raises NewsroomError if an event is there twice, or lacks though it was acknowledged."""
        while (table := store.after(self.last, AT_ONCE)).num_rows:
            numbers, ids = table.column("sequence").to_pylist(), table.column("event_id").to_pylist()
            twice = [one for one, count in Counter(ids).items() if count > 1 or one in self.ids]
            gap = numbers != list(range(self.last + 1, self.last + 1 + len(ids)))
            if twice or gap:
                raise NewsroomError(f"after {when}: twice there: {twice[:5]}; numbers with a gap: {gap}")
            self.ids.update(ids)
            self.last = numbers[-1]
        if lost := sorted(ledger.sure - self.ids):
            raise NewsroomError(f"after {when}: {len(lost)} acknowledged events are lost, such as {lost[:5]}")


def _start(newsroom: Newsroom, address: str, seed: int, again: list[int]) -> tuple[Any, Connection]:
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=work, args=(newsroom.path, address, seed, again, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _kill(process: Any, link: Connection, seconds: float, ledger: Ledger) -> None:  # noqa: ANN401
    """Kill a process some time after its first message, and hear what it told until then."""
    try:
        ledger.hear(link.recv())
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if link.poll(left):
                ledger.hear(link.recv())
        process.kill()
        while True:
            ledger.hear(link.recv())
    except (EOFError, ConnectionResetError):
        process.join()
    finally:
        process.kill()
        process.join()
        link.close()
    if process.exitcode != -signal.SIGKILL:
        raise NewsroomError(f"a process ended by itself, with exit code {process.exitcode}")
