"""Measure the answers to open requests: whether they are found, whether their citations hold, and how soon they come.

Requests that the newsroom's articles answer and requests that they do not, through an opened pipeline, one at a time. A
citation holds where the page's story of that rank is the article cited, and its abstract or body has the sentence word
for word. Prints Markdown to read; with --out also writes its table and JSON, which name articles by their ids alone:
the sentences are their publishers', and results are published.

Example: python scripts/benchmark_ask.py demo/newsroom --out benchmarks/results
         python scripts/benchmark_ask.py ebnerd --language da --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom's folder, with an edition: the demo's for en.")],
    language: Annotated[str, typer.Option(help="Language of the requests and articles: en, da or zh.")] = "en",
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Ask each request three times; times are medians."""
    from broadsheet.evaluation.pages.answers import measure_answers, report_answers

    publish(out, lambda: report_answers(measure_answers(newsroom, print, language)), draws=False)


if __name__ == "__main__":
    run(benchmark)
