"""Measure the same impressions of MIND with English titles and with titles in another language, by asset:e5.

Prints Markdown tables of AUC, MRR, nDCG@5 and nDCG@10 with 95 % intervals and paired differences, of untrained towers
and of towers trained with three seeds; with --out also writes them, JSON and a plot. The newsroom needs the splits
train, tune and valid.

Example: python scripts/benchmark_languages.py newsroom xmind/cmn.tsv --language Chinese --work work
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom of MIND; no edition is needed.")],
    titles: Annotated[Path, typer.Argument(help="The file of xMIND with the other titles.")],
    work: Annotated[Path, typer.Option(help="Folder for newsrooms, vectors and towers, which are used again.")],
    language: Annotated[str, typer.Option(help="What the other language is called.")] = "Chinese",
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure English, the other language, and readers of the one with articles in the other."""
    from broadsheet.evaluation.ranking.languages_report import ENCODER, measure_languages
    from broadsheet.newsroom import Newsroom

    make_out(work, "--work")
    publish(out, lambda: measure_languages(Newsroom(newsroom), titles, language, work, ENCODER, say))


if __name__ == "__main__":
    run(benchmark)
