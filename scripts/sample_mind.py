"""Write a folder of MIND with the articles that were shown or read last, for a newsroom of a chosen size.

python scripts/sample_mind.py MINDsmall_train 12229 OUT
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run


def sample(
    source: Annotated[Path, typer.Argument(help="A folder of MIND.")],
    articles: Annotated[int, typer.Argument(min=1, help="How many articles the new folder has.")],
    out: Annotated[Path, typer.Argument(help="The new folder.")],
) -> None:
    """Write OUT and print how many articles it has."""
    from broadsheet.evaluation.mind.parts import keep_articles

    print(f"{keep_articles(source, articles, out):,} articles")


if __name__ == "__main__":
    run(sample)
