"""Split the impressions of a newsroom in two by time, so that the later part can choose what the earlier one trains.

python scripts/split_impressions.py newsroom train 2023-05-24T07:00:00 tune   # 24 May from 7:00 on becomes `tune`
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run


def split(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    name: Annotated[str, typer.Argument(help="The split to cut, such as train.")],
    moment: Annotated[datetime, typer.Argument(help="Impressions from this moment on are the later part; UTC.")],
    later: Annotated[str, typer.Argument(help="The name of the later part, such as tune.")],
) -> None:
    """Move the later impressions of a split into a split of their own, and print how many each has."""
    from broadsheet.evaluation.parts import split_by_time
    from broadsheet.newsroom import Newsroom

    print(split_by_time(Newsroom(newsroom), name, moment.replace(tzinfo=UTC), later))


if __name__ == "__main__":
    run(split)
