"""Draw pages of every policy of exploration, and hold how often articles are in their slots to the probabilities.

The pages are drawn from the ranked lists of readers of a newsroom. Chi-squared tests say whether the marginal and the
conditional probabilities can be true; exits with 1 if they cannot.

Example: python scripts/check_propensities.py demo --draws 100000 --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, run


def check(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with an edition.")],
    draws: Annotated[int, typer.Option(help="Pages of each policy.", min=1000)] = 100_000,
    readers: Annotated[int, typer.Option(help="Readers from whose lists they are drawn.", min=1)] = 5,
    out: Annotated[Path | None, typer.Option(help="Folder for propensities.json.")] = None,
) -> None:
    """Print the tests of each policy; exit with 1 if the pages contradict their probabilities."""
    from broadsheet.evaluation.pages.propensities import check_propensities, failed
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.files import write_json

    if out:
        make_out(out)
    document = check_propensities(Newsroom(newsroom), draws, readers, say)
    if out:
        write_json(out / "propensities.json", {**stamp(), **document})
    if problems := failed(document):
        sys.exit(
            "check_propensities: expected pages as often as their probabilities say, found\n" + "\n".join(problems)
        )


if __name__ == "__main__":
    run(check)
