"""The command that prints and draws what experiments found."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import typer

from broadsheet.cli.options import DEFAULT_ROOM, Room

if TYPE_CHECKING:
    from broadsheet.config.experiments import ExperimentConfig
    from broadsheet.evaluation.report.files import Report
    from broadsheet.newsroom import Newsroom


def experiment(
    newsroom: Room = DEFAULT_ROOM,
    name: Annotated[str | None, typer.Argument(help="The experiment; all of broadsheet.toml without it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot of each experiment.")] = None,
) -> None:
    """Print what experiments found until now, with intervals that stay valid however often you look.

    Readers, pages, clicks and hides come from the events that were logged.
    """
    from broadsheet.cli.script import publish
    from broadsheet.experiments.measure import chosen, read_events
    from broadsheet.newsroom import Newsroom

    room = Newsroom(newsroom)
    room.require()
    config = room.config()
    experiments = chosen(config, name)
    events = read_events(room, config, experiments)
    for each, settings in experiments.items():
        publish(out, partial(_report, room, each, settings, events))


def _report(newsroom: Newsroom, name: str, settings: ExperimentConfig, events: pa.Table) -> Report:
    from broadsheet.evaluation.experiments.report import report_experiment
    from broadsheet.experiments.measure import measure

    return report_experiment(measure(newsroom, name, settings, events))
