"""What the scripts of a checkout share: how they are run, how a benchmark opens a split, and how it reports."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from broadsheet.cli.options import as_options, say, tell
from broadsheet.errors import BroadsheetError
from broadsheet.text import without_controls

if TYPE_CHECKING:
    from broadsheet.corpus.impressions import Split
    from broadsheet.evaluation.report.files import Report
    from broadsheet.workbench.workbench import Workbench


def run(main: Callable[..., None]) -> None:
    """Run a function as a command line; a BroadsheetError ends it with the script's name and the message."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        typer.run(main)
    except BroadsheetError as error:
        sys.exit(without_controls(f"{Path(sys.argv[0]).stem}: {error}"))


def publish(out: Path | None, measure: Callable[[], Report], *, draws: bool = True) -> None:
    """Measure, print the report, and write its files into the folder `out`, if there is one, printing their paths.

    Before the measurement it is checked that the folder can be made and, if the report draws plots, that matplotlib is
    installed; raises InputError otherwise.
    """
    from broadsheet.evaluation.report.files import check_plots

    if out is not None:
        make_out(out)
        if draws:
            check_plots()
    report = measure()
    tell(report.markdown)
    for path in report.write(out) if out is not None else []:
        say(str(path))


def make_out(folder: Path, name: str = "--out") -> None:
    """Make the folder that an option names; raises InputError, which names the option, if it cannot be made."""
    from broadsheet.evaluation.report.files import make_folder

    with as_options(folder=name):
        make_folder(folder)


def open_split(newsroom: Path, split: str) -> tuple[Workbench, Split]:
    """Open a newsroom to be measured, and one of its splits of impressions."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    bench = open_bench(Newsroom(newsroom), say)
    return bench, read_split(bench.data.newsroom, bench.data.catalogue, split)


def check_rows(names: Sequence[str], known: Sequence[str], pythons: Sequence[str]) -> None:
    """Raise typer.BadParameter if a name of --row is not known, or a name of --python is no program."""
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"--row: found {unknown}, expected some of {'; '.join(known)}.")
    if missing := [name for name in pythons if not shutil.which(name)]:
        raise typer.BadParameter(f"--python: found {missing}, expected interpreters, such as st/bin/python.")
