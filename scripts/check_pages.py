"""Open every page of the service in a browser: weights, axe's rules, errors, and a picture of each view to look at.

Needs chromium, and the packages playwright and axe-playwright-python: pip install -c constraints.txt '.[browser]'.
The newsroom gets users and readers: give it a copy.

Example: python scripts/check_pages.py copy_of_demo --name demo --pictures pictures --out benchmarks/results
"""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def check(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom that may be changed.")],
    name: Annotated[str, typer.Option(help="What the newsroom is called in the results and in their names.")],
    pictures: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    chromium: Annotated[str, typer.Option(help="The program of the browser.")] = shutil.which("chromium") or "chromium",
    out: Annotated[Path | None, typer.Option(help="Folder for browsed-NAME.json and .md.")] = None,
) -> None:
    """Print the weight of each page, and what is wrong with it."""
    from broadsheet.evaluation.service.browsed import browse
    from broadsheet.evaluation.service.browsed_report import report_browsed
    from broadsheet.newsroom import Newsroom

    pictures.mkdir(parents=True, exist_ok=True)
    publish(out, lambda: report_browsed(browse(Newsroom(newsroom), name, chromium, pictures, say)))


if __name__ == "__main__":
    run(check)
