"""What long work says of its progress: lines for people, and a bar where the output is a terminal."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Say = Callable[[str], None]
"""Takes one line for people: what long work has just done or does next."""


def silent(said: object) -> None:
    """Ignore what is said: the default wherever a caller may ask for lines of progress or records of stages."""


def track(items: Iterable[T], what: str, *, total: int, weight: int = 1) -> Iterator[T]:
    """Yield the items while a bar on the error stream counts `weight` for each, up to `total`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, rate="")
        for item in items:
            yield item
            progress.advance(task, weight)
            speed = progress.tasks[0].speed
            progress.update(task, rate=f"{speed:.0f}/s" if speed else "")
