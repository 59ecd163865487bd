"""Measure the fact gate: which errors, planted in true summaries of real articles, it refuses, and which truths.

Prints Markdown tables by kind of error, with 95 % intervals; with --out also writes them, JSON and plots. No model is
needed.

Example: python scripts/benchmark_facts.py demo/newsroom mind/newsroom --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    newsrooms: Annotated[list[Path], typer.Argument(help="Folders of newsrooms with articles; each by its name.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Plant errors in the half of the articles that the gate was not developed on, and check the summaries."""
    from broadsheet.evaluation.facts.benchmark import is_reported, measure_gate
    from broadsheet.evaluation.facts.report import describe_facts, facts_to_markdown, write_facts
    from broadsheet.evaluation.report.document import check_output
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import NEWS

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    check_output(out)
    findings = {}
    for name, folder in _named(newsrooms).items():
        rows = read_table(Newsroom(folder).news, NEWS).to_pylist()
        findings[name] = measure_gate([row for row in rows if is_reported(row["news_id"])], report)
    document = describe_facts(findings, Path(__file__).parent)
    print(facts_to_markdown(document))
    for path in write_facts(document, out) if out else []:
        print(path, file=sys.stderr)


def _named(newsrooms: list[Path]) -> dict[str, Path]:
    """Return the newsrooms by the names of their folders, or of the folders above where two are alike."""
    from broadsheet.errors import InputError

    named = {folder.absolute().name: folder for folder in newsrooms}
    if len(named) < len(newsrooms):
        named = {f"{folder.absolute().parent.name}/{folder.absolute().name}": folder for folder in newsrooms}
    if len(named) < len(newsrooms):
        raise InputError("NEWSROOM: found two folders of the same name, expected names that differ. Rename one.")
    return named


if __name__ == "__main__":
    from command import run

    run(benchmark)
