"""Count what a request costs in code: files, calls, and how often the reader's history is looked up.

Example: python scripts/profile_request.py newsroom maya-politics --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer


def profile(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    reader: Annotated[str, typer.Argument(help="A reader with a history.")],
    k: Annotated[int, typer.Option(min=1, help="Stories of the page.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Folder for request-profile.json.")] = None,
) -> None:
    """Make a reader's page twice and count the calls of the second time."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.evaluation.speed.request_profile import profile_request
    from broadsheet.pipeline import Pipeline
    from broadsheet.tables.files import write_json

    check_output(out)
    counts = profile_request(Pipeline.open(newsroom), reader, k).to_dict()
    for name, count in counts.items():
        print(f"{name.replace('_', ' ')}: {count:,}")
    if out:
        about = stamp(Path(__file__).parent)
        write_json(out / "request-profile.json", {**about, "reader": reader, "k": k, "counts": counts})


if __name__ == "__main__":
    from command import run

    run(profile)
