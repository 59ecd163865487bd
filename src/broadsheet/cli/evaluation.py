"""The command `broadsheet evaluate policy`. Nothing heavy is imported before it needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import Columns, as_options, read_columns

evaluation = typer.Typer(no_args_is_help=True, help="Say what readers would have done with another policy.")


@evaluation.callback()
def _group() -> None:
    """Keep the command's own name, although it is the only command of its group."""


@evaluation.command("policy", epilog="Example: broadsheet evaluate policy --log log.parquet --out reports")
def evaluate_policy(
    log: Annotated[
        Path,
        typer.Option(
            help="Table of what was shown, its reward, and its probability under the log's policy (propensity) and "
            "under the policy to evaluate (evaluation): Parquet, JSON, CSV or Arrow."
        ),
    ],
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

    with as_options(log="--log", columns="--column"):
        found = evaluate(read_log(log, read_columns(column)))
    publish(out, lambda: report_policy(log.stem, found))
