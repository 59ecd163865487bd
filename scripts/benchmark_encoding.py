"""Measure encoding: articles a second, memory and likeness, beside sentence-transformers with the same model and texts.

Every row works in a process of its own that stays warm, and all of them take each round in turn, so that whatever else
the machine does falls on all. sentence-transformers is no part of Broadsheet: install it in environments of its own and
name their interpreters; a row runs in the first in which it loads, and is left out, with the reason, if there is none.
The machine must be quiet: threads that wait for one another lose far more than the time that others take.

Example: python scripts/benchmark_encoding.py newsroom --python st/bin/python --python optimum/bin/python --out results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import check_rows, publish, run

WORKER = Path(__file__).parents[1] / "benchmarks" / "rows" / "encoding.py"


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom whose articles are encoded.")],
    model: Annotated[str, typer.Option(help="The encoder.")] = "asset:minilm",
    max_tokens: Annotated[int, typer.Option(help="Tokens read of a text.")] = 96,
    texts: Annotated[int, typer.Option(help="Texts in all; articles come again with another cut.")] = 50_000,
    rounds: Annotated[int, typer.Option(help="Rounds that the texts are split into.")] = 5,
    row: Annotated[
        list[str] | None, typer.Option(help="Encoders measured, all if none is named; none: memory alone.")
    ] = None,
    table: Annotated[
        list[int] | None, typer.Option(help="Sizes of news tables whose peak memory is measured; 0: none.")
    ] = None,
    python: Annotated[list[str] | None, typer.Option(help="Interpreters with sentence-transformers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table of encoders, and one of memory."""
    from broadsheet.evaluation.speed.encoding import ROWS, TABLES, EncodingTask, measure_encoding, report_encoding

    pythons = python or [sys.executable]
    names = [] if row == ["none"] else row or list(ROWS)
    check_rows(names, ROWS, pythons)
    task = EncodingTask(newsroom, model, max_tokens, texts, rounds, pythons, WORKER)
    sizes = [size for size in table or TABLES if size]
    publish(out, lambda: report_encoding(measure_encoding(task, names, sizes, say)))


if __name__ == "__main__":
    run(measure)
