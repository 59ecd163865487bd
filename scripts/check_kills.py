"""Kill processes that add, withdraw, build and publish, and look whether anything acknowledged is lost or there twice.

A copy of a newsroom with an edition is worked on by one process after the other. Each loads everything, then adds
articles and updates, withdraws some, or builds, and tells of each call before it begins and after it has returned; it
dies by SIGKILL at a random moment, in builds also before a random rename or removal of a file. After each, `verify`
has to pass, and a pipeline has to show exactly what was acknowledged, each article once; the one call that was cut
short may have happened or not. At the end a whole build must hold the same.

Example: python scripts/check_kills.py newsroom --rounds 100 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, run


def check(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with an edition; it is copied.")],
    rounds: Annotated[int, typer.Option(help="Processes to kill.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Seed of everything random but the moments of the machine.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for kill-rounds.json.")] = None,
) -> None:
    """Kill, look, and exit with code 1 at the first article that is lost, twice there or unsound."""
    from broadsheet.evaluation.systems.kills import measure_kills
    from broadsheet.tables.files import write_json

    if out:
        make_out(out)
    document = measure_kills(newsroom, rounds, seed, say)
    kills, calls = sum(document["kills"].values()), document["acknowledged_calls"]
    print(f"{kills} kills, {calls} acknowledged calls: nothing lost, nothing twice, all sound")
    if out:
        write_json(out / "kill-rounds.json", document)


if __name__ == "__main__":
    run(check)
