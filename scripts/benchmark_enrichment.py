"""Measure whether enriched titles bring articles on one event nearer to one another in the news tower.

For each article the partner is the article of another outlet within two days whose body is most like its own, by
TF-IDF over the bodies without the lead sentences that an enriched title is taken from; pairs below LIKE are left out.
Measured is how high the partner stands among the articles of other outlets of these days, by the tower's vectors of
plain and of enriched titles. Needs a corpus alone, no edition, and takes one or two minutes on one core.

Example: python scripts/benchmark_enrichment.py demo/newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The demo newsroom's folder.")],
    out: Annotated[Path | None, typer.Option(help="Folder for enrichment.json and enrichment.md.")] = None,
) -> None:
    """Encode plain and enriched titles, and compare."""
    from broadsheet.evaluation.retrieval.enrichment import measure_enrichment, report_enrichment
    from broadsheet.newsroom import Newsroom

    publish(out, lambda: report_enrichment(measure_enrichment(Newsroom(newsroom))), draws=False)


if __name__ == "__main__":
    run(benchmark)
