"""Count how often the rules on tone refuse the texts of real articles, which an editor has let pass.

Takes each article's title as if it were a draft of the headline, with the article as it is and with the title left out
of it, and the sentences of its lead as drafts of headlines and of summaries. What is refused is named by its check, not
by its words, which are the publisher's; with --read it is printed in whole, to be judged.

Example: python scripts/benchmark_tone.py demo/newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom's folder, with articles.")],
    out: Annotated[Path | None, typer.Option(help="Folder for tone.json and tone.md.")] = None,
    read: Annotated[bool, typer.Option("--read", help="Print each text that is refused.")] = False,
) -> None:
    """Count the texts of each kind, those refused, and why."""
    from broadsheet.evaluation.facts.tone import measure_tone, report_tone
    from broadsheet.newsroom import Newsroom
    from broadsheet.progress import silent

    publish(out, lambda: report_tone(measure_tone(Newsroom(newsroom), print if read else silent)), draws=False)


if __name__ == "__main__":
    run(benchmark)
