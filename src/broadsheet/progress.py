"""What long work says of its progress: lines for people, and a bar where the output is a terminal.

A log, such as cron's, gets a line now and then with count, rate and time left; work that cannot count says that it goes
on.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

Say = Callable[[str], None]
"""Takes one line for people: what long work has just done or does next."""

EVERY = 30.0
"""Seconds between two lines of progress in a log."""
_told = [0.0]
"""When progress was last shown, by a line or by a bar, in seconds of `time.monotonic`."""


def silent(said: object) -> None:
    """Ignore what is said: the default wherever a caller may ask for lines of progress or records of stages."""


def track(items: Iterable[T], what: str, *, total: int, weight: int = 1) -> Iterator[T]:
    """Yield the items, and show on the error stream how far the work is: each item counts `weight`, all are `total`.

    A terminal gets a bar. Any other output gets a line after each EVERY seconds.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console, started, done = Console(stderr=True), time.monotonic(), 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    told = started
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, pace="")
        for item in items:
            yield item
            done, now = min(total, done + weight), time.monotonic()
            said = pace(done, total, now - started)
            progress.update(task, completed=done, pace=said)
            if console.is_terminal:
                _told[0] = now
            elif now - told >= EVERY and done < total:
                console.print(f"{what}: {done:,} of {total:,}, {said}", markup=False, highlight=False, soft_wrap=True)
                told = _told[0] = now


class LogLines:
    """Tells a log, a line after each EVERY seconds, how far work is whose loop is not ours; a terminal gets nothing."""

    def __init__(self, what: str) -> None:
        self._what, self._started = what, time.monotonic()
        self._told = self._started

    def step(self, done: int, total: int, before: int = 0) -> None:
        """Say that `done` of `total` steps are done, `before` of them in an earlier run that was stopped."""
        now = time.monotonic()
        if now - self._told >= EVERY and done < total:
            self.line(f"{done:,} of {total:,}, {pace(done - before, total - before, now - self._started)}")

    def line(self, text: str) -> None:
        """Print a line on the error stream, unless that is a terminal."""
        from rich.console import Console

        console = Console(stderr=True)
        self._told = _told[0] = time.monotonic()
        if not console.is_terminal:
            console.print(f"{self._what}: {text}", markup=False, highlight=False, soft_wrap=True)


def pace(done: int, total: int, seconds: float) -> str:
    """Return the rate so far and the time left, in words, such as "4.8/s, 8 min left"; empty before the first item."""
    if done <= 0 or seconds <= 0:
        return ""
    rate = done / seconds
    shown = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.1f}/min"
    return f"{shown}, {duration((total - done) / rate)} left"


def duration(seconds: float) -> str:
    """Return a time in words, such as "40 s", "8 min" or "2 h 5 min"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def still_at_work(what: str, say: Say) -> Iterator[None]:
    """Have `say` get a line whenever the `with` block shows no progress for twice EVERY seconds."""
    over, started = Event(), time.monotonic()

    def watch() -> None:
        last = started
        while not over.wait(max(0.0, last + 2 * EVERY - time.monotonic())):
            last = max(last, _told[0])
            if time.monotonic() - last >= 2 * EVERY:
                last = time.monotonic()
                say(f"{what}: still at work after {duration(last - started)}")

    watcher = Thread(target=watch, name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
