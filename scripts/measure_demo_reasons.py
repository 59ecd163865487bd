"""Count the personal reasons, the different ones and those that pass the deletion test on the pages of a newsroom.

With --before, an earlier result stands beside it. Prints Markdown; with --out also writes it and JSON.

Example: python scripts/measure_demo_reasons.py demo/newsroom --out benchmarks/results
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run

LENGTHS = (10, 40)
"""Stories of the pages that are measured."""


def measure(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    readers: Annotated[int, typer.Option(min=1, help="Readers: the first of the newsroom's users.")] = 6,
    name: Annotated[str, typer.Option(help="What the newsroom is called in the results.")] = "demo",
    label: Annotated[str, typer.Option(help="What this state of the code is called in the results.")] = "now",
    before: Annotated[Path | None, typer.Option(help="JSON of an earlier result.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Take away what each personal reason names, and see whether the score of its story falls."""
    from broadsheet.evaluation.pages.page_reasons import measure_pages, report_page_reasons
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.evaluation.report.files import Report
    from broadsheet.pipeline import Pipeline
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import USERS

    def measured() -> Report:
        pipeline = Pipeline.open(newsroom)
        users = read_table(pipeline.bench.data.edition.users, USERS).column("user_id").to_pylist()[:readers]
        pages = dict(json.loads(before.read_text("utf-8"))["pages"]) if before else {}
        for k in LENGTHS:
            pages[f"{label}, {k} stories a page"] = measure_pages(pipeline, users, k)
        return report_page_reasons({"benchmark": f"page-reasons-{name}", **stamp(), "pages": pages})

    publish(out, measured)


if __name__ == "__main__":
    run(measure)
