"""Measure how many events a second a newsroom logs, checked and synced to the disk, and how long each request waits.

Requests of ten events, a page and what its reader did on it, from several callers at once; then at a given rate. Each
event store in turn: SQLite in a newsroom of its own, and PostgreSQL, whose server is started in a folder of its own.
The machine must be quiet.

Example: python scripts/benchmark_events.py --out benchmarks/results
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    store: Annotated[Literal["both", "sqlite", "postgresql"], typer.Option(help="Which event store.")] = "both",
    callers: Annotated[list[int] | None, typer.Option(min=1, help="Callers at once; 1, 8, 32 and 128 if none.")] = None,
    rate: Annotated[int, typer.Option(min=10, help="Events a second of the measurement of acknowledgements.")] = 2000,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each measurement.")] = 10.0,
    out: Annotated[Path | None, typer.Option(help="Folder for events.json, events.md and a plot.")] = None,
) -> None:
    """Print events a second by store and number of callers, and milliseconds at the rate."""
    from broadsheet.evaluation.systems.event_speed import SpeedTask, measure_event_speed, report_event_speed
    from broadsheet.evaluation.systems.postgres_server import address_of, postgresql_server

    task = SpeedTask(callers or [1, 8, 32, 128], rate, seconds)
    with ExitStack() as running:
        stores = dict.fromkeys(["sqlite", "postgresql"] if store == "both" else [store], "")
        if "postgresql" in stores:
            stores["postgresql"] = address_of(running.enter_context(postgresql_server()))
        publish(out, lambda: report_event_speed(measure_event_speed(stores, task, say)))


if __name__ == "__main__":
    run(benchmark)
