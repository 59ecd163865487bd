"""Compare the ranking metrics with scikit-learn and with a plain reading of their definitions, and time them.

Draws impressions of MIND's shape, half with many tied scores; prints how far the values are apart at most, and with
--out writes it as metrics.json. Exits with 1 if anything is further apart than rounding explains.

Example: python scripts/check_metrics.py --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import make_out, run


def check(
    cases: Annotated[int, typer.Option(help="Impressions compared, half of them with ties.")] = 4000,
    out: Annotated[Path | None, typer.Option(help="Folder for metrics.json.")] = None,
) -> None:
    """Print the largest differences; exit with 1 if one is beyond rounding."""
    from broadsheet.evaluation.metrics_check import TOLERANCE, beyond_rounding, check_metrics
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.tables.files import write_json

    if out:
        make_out(out)
    found = check_metrics(cases)
    for name, metrics in found["references"].items():
        for metric, seen in metrics.items():
            print(f"{name}: {metric} {seen['largest_difference']:.1e} over {seen['values']} values")
    print("{impressions:,} impressions, {shown:,} articles: {seconds} s".format(**found["speed"]))
    if out:
        write_json(out / "metrics.json", {**stamp(), **found})
    if beyond_rounding(found["references"]):
        sys.exit(f"check_metrics: expected no difference above {TOLERANCE}")


if __name__ == "__main__":
    run(check)
