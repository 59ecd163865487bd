"""A simulation with a newsroom's own pipeline from its beginning to its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin
from broadsheet.evaluation.simulation.card import card_lines, card_of
from broadsheet.evaluation.simulation.newsroom_days import NewsroomDays
from broadsheet.evaluation.simulation.staging import article_rows, stage_newsroom
from broadsheet.evaluation.simulation.world import make_world
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.offline.workbenches import open_bench
from broadsheet.progress import Say

COLUMNS = ("page", "view", "click", "dwell", "hide", "follow")


def simulate_newsroom(
    source: Path, into: Path, *, readers: int, days: int, seed: int, policy: str, say: Say
) -> dict[str, Any]:
    """Simulate readers of the last days of a newsroom's articles in a new newsroom `into`; returns the document.

    Nothing of the source is changed but vectors that may be made there. Raises what `make_world`, `stage_newsroom` and
    the build raise.
    """
    bench, newsroom = open_bench(Newsroom(source), say), Newsroom(into)
    world = make_world(bench.data, readers, days, seed)
    articles = article_rows(bench.data, world)
    stage_newsroom(bench.data.newsroom, newsroom, world, articles, policy)
    build(newsroom, "all", say)
    going = NewsroomDays(newsroom, world, articles, say)
    return {
        "benchmark": "simulation",
        **stamp(),
        "seed": seed,
        "policy": newsroom.config().exploration.policy,
        "card": card_of(world, bench.data.newsroom.path.name, days),
        "days": [going.day(day) for day in range(days)],
    }


def report_simulation(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and the card."""
    return Report(f"simulation-{document['card']['newsroom']}", document, [*_lines(document)])


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"Policy of exploration: {document['policy']}. Seed {document['seed']}."
    yield ""
    rows = (
        [
            day["date"],
            *(f"{day['events'].get(kind, 0):,}" for kind in COLUMNS),
            f"{day['expected_clicks']:.1f}",
            sum(day["refused"].values()),
        ]
        for day in document["days"]
    )
    yield from table(["day", *COLUMNS, "mean clicks by the truth", "events refused"], rows)
    yield from ("", "## What is assumed", "", *card_lines(document["card"]), "", origin(document))
