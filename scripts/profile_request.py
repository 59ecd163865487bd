"""Count what a request costs in code: files, calls, and how often the reader's history is looked up.

Example: python scripts/profile_request.py newsroom maya-politics --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import make_out, run


def profile(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    reader: Annotated[str, typer.Argument(help="A reader with a history.")],
    k: Annotated[int, typer.Option(min=1, help="Stories of the page.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Folder for request-profile.json.")] = None,
) -> None:
    """Make a reader's page twice and count the calls of the second time."""
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.evaluation.speed.request_profile import profile_request
    from broadsheet.pipeline import Pipeline
    from broadsheet.tables.files import write_json

    if out is not None:
        make_out(out)
    counts = profile_request(Pipeline.open(newsroom), reader, k).to_dict()
    for name, count in counts.items():
        print(f"{name.replace('_', ' ')}: {count:,}")
    if out is not None:
        write_json(out / "request-profile.json", {**stamp(), "reader": reader, "k": k, "counts": counts})


if __name__ == "__main__":
    run(profile)
