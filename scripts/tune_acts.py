"""Choose on one split what readers' acts are worth for `popularity`, and measure on another whether that helps.

Prints the settings of [acts] that rank best by popularity alone, and the difference of the AUC from the newsroom's own
settings with its 95 % interval; with --out writes JSON. Take the settings if the whole interval is above 0.

Example: python scripts/tune_acts.py newsroom --tune tune --held-out validation --out benchmarks/results/acts.json
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import open_split, run


def tune(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    tune: Annotated[str, typer.Option(help="Split whose impressions choose.")],
    held_out: Annotated[str, typer.Option(help="Split whose impressions measure.")],
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Print the chosen settings and what they bring."""
    from broadsheet.corpus.impressions import read_rankable
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.offline.acts import measure_acts
    from broadsheet.tables.named_files import write_named

    bench, split = open_split(newsroom, tune)
    data = bench.data
    measured = read_rankable(data.newsroom, data.catalogue, held_out)
    document = {**stamp(), **measure_acts(data, [one for one in split.impressions if one.rankable], measured)}
    for name in ("chosen", "auc", "difference"):
        print(name, document[name])
    if out:
        write_named(out, json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    run(tune)
