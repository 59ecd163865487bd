"""Print the tables of docs/explanation/scale.md: what larger newsrooms would cost.

They come from the figures of benchmarks/results alone. Every cost is taken to grow in
proportion to articles, readers or clicks; the document names the costs that do not, which are left out here.

Example: python scripts/scale_tables.py --price 0.03 --cores 32
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run
from broadsheet.evaluation.systems.scale import Assumptions, extrapolation, read_measured

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def show(
    price: Annotated[float, typer.Option(help="Of a core for an hour.")] = Assumptions.price,
    cores: Annotated[int, typer.Option(help="Of a machine.")] = Assumptions.cores,
    night: Annotated[float, typer.Option(help="Hours of a night.")] = Assumptions.night,
    active: Annotated[float, typer.Option(help="Share of the users with a page a night.")] = Assumptions.active,
    changed: Annotated[float, typer.Option(help="Share of the articles new in a night.")] = Assumptions.changed,
) -> None:
    """Print the tables with other assumptions."""
    assumed = Assumptions(active=active, changed=changed, cores=cores, night=night, price=price)
    print(extrapolation(assumed, read_measured(RESULTS)), end="")


if __name__ == "__main__":
    run(show)
