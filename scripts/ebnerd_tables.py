"""Write EB-NeRD's demo set as tables that `broadsheet import tables` takes: news, clicks and impressions, as Parquet.

Example: python scripts/ebnerd_tables.py ebnerd ebnerd-tables
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import make_out, run


def write(
    data: Annotated[Path, typer.Argument(help="Folder with articles.parquet, train and validation.")],
    out: Annotated[Path, typer.Argument(help="Folder for the tables.")],
) -> None:
    """Write news.parquet, clicks.parquet, impressions-train.parquet and impressions-valid.parquet."""
    from broadsheet.evaluation.ebnerd import write_ebnerd_tables

    make_out(out, "OUT")
    write_ebnerd_tables(data, out)


if __name__ == "__main__":
    run(write)
