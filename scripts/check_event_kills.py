"""Kill processes that log events, and look whether anything acknowledged is lost, or anything is there twice.

Two processes at a time, each with four threads, log made-up traffic into one event store, and tell of each call before
it begins and after it has returned; both die by SIGKILL at random moments. After each kill every acknowledged event
must be in the store once, and numbers have no gap. A call that was cut short is sent again by the next process. For
PostgreSQL a server is started in a folder of its own.

Example: python scripts/check_event_kills.py --store sqlite --rounds 1000 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, run


def check(
    store: Annotated[Literal["sqlite", "postgresql"], typer.Option(help="The event store.")] = "sqlite",
    rounds: Annotated[int, typer.Option(help="Processes to kill.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Seed of everything random but the moments of the machine.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for event-kills-STORE.json.")] = None,
) -> None:
    """Kill, look, and exit with code 1 at the first event that is lost or there twice."""
    from broadsheet.evaluation.systems.event_kills import measure_event_kills
    from broadsheet.evaluation.systems.postgres_server import address_of, postgresql_server
    from broadsheet.tables.files import write_json

    if out:
        make_out(out)
    if store == "sqlite":
        document = measure_event_kills(rounds, seed, "", say)
    else:
        with postgresql_server() as folder:
            document = measure_event_kills(rounds, seed, address_of(folder), say)
    told = "{kills} kills, {acknowledged_events} acknowledged events: nothing lost, nothing twice"
    print(told.format_map(document))
    if out:
        write_json(out / f"event-kills-{store}.json", document)


if __name__ == "__main__":
    run(check)
