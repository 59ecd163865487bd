"""The commands `evaluate policy` and `experiment`. Nothing heavy is imported before they need it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import typer

from broadsheet.cli.options import DEFAULT_ROOM, Columns, Room, as_options, read_columns
from broadsheet.errors import InputError

if TYPE_CHECKING:
    from broadsheet.config.experiments import ExperimentConfig
    from broadsheet.evaluation.report.files import Report
    from broadsheet.newsroom import Newsroom

evaluation = typer.Typer(no_args_is_help=True, help="Say what readers would have done with another policy.")


@evaluation.callback()
def _group() -> None:
    """Keep the command's own name, although it is the only command of its group."""


@evaluation.command("policy", epilog="Example: broadsheet evaluate policy newsroom --policy softer.toml --out reports")
def evaluate_policy(
    newsroom: Room = DEFAULT_ROOM,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="File of TOML with the settings of the policy, such as [exploration] and [rerank.weights]; all others "
            "are the newsroom's. It is evaluated on the pages that were logged with their probabilities."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="In place of a newsroom's pages, a table of what was shown, its reward, and its probability under the "
            "log's policy (propensity) and under the policy to evaluate (evaluation): Parquet, JSON, CSV or Arrow."
        ),
    ] = None,
    column: Columns = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print what a policy would have earned, by every estimator that the log allows, with intervals.

    Exit code 2, with the reason: the log says nothing about this policy, for example since it never showed what the
    policy would show.
    """
    from broadsheet.cli.script import publish
    from broadsheet.evaluation.off_policy.policy_report import report_policy
    from broadsheet.offline.estimators import evaluate
    from broadsheet.offline.policy_table import read_log

    if (policy is None) == (log is None):
        raise InputError("--policy, --log: expected one of the two, the settings of a policy or a table.")
    if log is not None:
        with as_options(log="--log", columns="--column"):
            found = evaluate(read_log(log, read_columns(column)))
        publish(out, lambda: report_policy(log.stem, found))
    elif policy is not None:
        from broadsheet.newsroom import Newsroom
        from broadsheet.offline.policy_pages import pages_under, read_policy

        pages, remarks = pages_under(Newsroom(newsroom), read_policy(policy))
        found = evaluate(pages)
        publish(out, lambda: report_policy(policy.stem, found, remarks))


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
