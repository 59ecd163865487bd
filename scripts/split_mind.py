"""Split a MIND folder in two by time, so that the later part can choose what the earlier one trains.

python scripts/split_mind.py MINDsmall_train 2019-11-14 OUT   # OUT/before and OUT/after, each a folder of MIND
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run


def split(
    source: Annotated[Path, typer.Argument(help="A folder of MIND.")],
    moment: Annotated[datetime, typer.Argument(help="Impressions from this moment on are the later part; UTC.")],
    out: Annotated[Path, typer.Argument(help="Folder for the two parts.")],
) -> None:
    """Write OUT/before and OUT/after, and print how many impressions each has."""
    from broadsheet.evaluation.mind.parts import impressions, split_by_time

    print(split_by_time(source, impressions(source), moment, out))


if __name__ == "__main__":
    run(split)
