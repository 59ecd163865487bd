"""Prove that a forgotten reader is nowhere: be a reader of a served newsroom, forget the reader, and search every file.

The reader agrees to be remembered, follows, mutes, writes, reads, hides, saves and asks by HTTP, gets a letter by SMTP
and a push, and is in an edition. The reader's file is imported into OTHER, which must give the same page. NEWSROOM and
OTHER are two copies of one newsroom; both are changed. Prints Markdown; with --out also writes it and JSON. The exit
code is 1 if anything is found after the next night, or if the page in OTHER is another.

Example: python scripts/prove_forgetting.py copy_of_demo other_copy --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def prove(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom that may be changed.")],
    other: Annotated[Path, typer.Argument(help="A further copy of the same newsroom, which may be changed.")],
    out: Annotated[Path | None, typer.Option(help="Folder for forgetting-demo.json and .md.")] = None,
) -> None:
    """Search before, at once and after the next night, and exit with code 1 if the proof fails."""
    from broadsheet.evaluation.report.files import Report
    from broadsheet.evaluation.service.forgetting import is_proved, prove_forgetting
    from broadsheet.evaluation.service.forgetting_report import report_forgetting
    from broadsheet.newsroom import Newsroom

    documents: list[dict[str, Any]] = []

    def measured() -> Report:
        documents.append(prove_forgetting(Newsroom(newsroom), Newsroom(other), say))
        return report_forgetting(documents[0])

    publish(out, measured, draws=False)
    raise typer.Exit(0 if is_proved(documents[0]) else 1)


if __name__ == "__main__":
    run(prove)
