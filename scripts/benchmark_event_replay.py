"""Replay the impressions of a split in order of time through the event store, and rank them live and by last night.

Works on a copy of the newsroom, in --work, with what was known before the first impression. Prints a Markdown table
with 95 % intervals and the paired difference; with --out also writes it, JSON and a plot of AUC by day.

Example: python scripts/benchmark_event_replay.py ebnerd --split validation --work replayed
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import open_split, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder; it is not changed.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are replayed.")],
    work: Annotated[Path, typer.Option(help="Folder for the copy that gets the events; must not be there yet.")],
    lists: Annotated[int, typer.Option(help="Most lists that are ranked, drawn by chance.")] = 4000,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plot.")] = None,
) -> None:
    """Compare the ranking with all events so far with that of the last night's edition."""
    from broadsheet.corpus.impressions import read_impressions
    from broadsheet.evaluation.live_ranking.replay_report import describe_replay, report_replay
    from broadsheet.evaluation.live_ranking.through_store import copy_until, replay

    def measure() -> Report:
        bench, measured = open_split(newsroom, split)
        source = bench.data.newsroom
        impressions = read_impressions(source, bench.data.catalogue, split)
        room = copy_until(source, work, min(one.time for one in impressions))
        found = replay(room, source, impressions, lists, say)
        return report_replay(describe_replay(found, bench, measured))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
