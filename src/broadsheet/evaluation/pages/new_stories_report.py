"""The report of the benchmark of new stories: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.pages.new_stories import (
    AGES_AND_CLICKS,
    NEWEST,
    draw_stories,
    measure_places,
    read_users,
)
from broadsheet.evaluation.pages.new_stories_cost import measure_cost
from broadsheet.evaluation.report.document import ranking_models, stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_bars
from broadsheet.markdown import table
from broadsheet.workbench.workbench import Workbench

HELPED, UNHELPED = "as it is", "no quotas, no kept places"


def measure_new_stories(
    bench: Workbench, name: str, readers: int, split: Split | None = None, impressions: int = 0
) -> Report:
    """Place new stories for some readers, and with a split measure the cost on `impressions` of its impressions."""
    states = bench.readers(read_users(bench, readers))
    data, settings = bench.data, bench.models.config
    timed = not np.isnan(data.catalogue.published_at).all()
    stories = draw_stories(bench, states) if timed or split is None else []
    document = {
        "benchmark": "new-stories",
        **stamp(),
        "data": {
            "newsroom": name,
            "articles": len(data.catalogue),
            "clicks": len(data.clicks),
            "clock": data.as_of.isoformat(),
            "stories": data.catalogue.ids(stories).to_pylist(),
        },
        "models": {"news_tower": bench.models.news_tower.fingerprint, **ranking_models(bench.models)},
        "settings": {
            "quotas": vars(settings.retrieval.quotas),
            "newest_places": settings.rerank.newest_places,
            "half_life_hours": settings.rerank.half_life_hours,
        },
        "readers": readers,
        "rows": {
            HELPED: measure_places(bench, states, stories, AGES_AND_CLICKS),
            UNHELPED: measure_places(bench, states, stories, AGES_AND_CLICKS, helped=False),
        }
        if stories
        else {},
        "cost": measure_cost(bench, split, impressions) if split is not None else None,
        "remarks": [
            f"Stories: {len(stories)} of the {NEWEST} newest articles that none of the readers has read, drawn by a "
            "seed and held back one after another; each counts as published minutes ago, and its own clicks and "
            "showings are left out. Figures are means over the stories."
            if stories
            else "No article has a publication time, so no story can be new: only the cost is measured.",
        ],
    }
    return report_new_stories(document)


def report_new_stories(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and a plot."""
    data = document["data"]
    lines = [*_table(document["rows"]), ""] if document["rows"] else []
    lines += [f"Readers of {document['readers']}; {data['articles']:,} articles, {data['clicks']:,} clicks."]
    if cost := document["cost"]:
        lines += ["", *table_of_means("ranked anew", cost["rows"], ["ndcg@10"])]
        lines += ["", *table_of_differences(cost["differences"])]
        found = cost["candidates"]
        depths = list(next(iter(found.values())))
        shares = ([name, *(f"{row[depth]:.4f}" for depth in depths)] for name, row in found.items())
        lines += ["", *table(["clicks among candidates", *depths], shares)]
        lines += ["", *(f"- {name}: {text}." for name, text in cost["notes"].items())]
    lines += ["", *document["remarks"], "", origin(document)]
    plots = {"": lambda path: _plot(document, path)} if document["rows"] else {}
    return Report(f"new-stories-{data['newsroom']}", document, lines, plots)


def _table(rows_by_name: Mapping[str, Any]) -> list[str]:
    head = ["", "minutes", "clicks", "among candidates", "among those re-ranked", "on the first page", "median place"]
    return table(
        [*head, "reasons a page"],
        (
            [
                name,
                row["minutes"],
                row["clicks"],
                f"{row['among_candidates']:.1f}",
                f"{row['read_by_cross_encoder']:.1f}",
                f"{row['on_page']:.1f}",
                "" if row["median_place"] is None else f"{row['median_place']:.1f}",
                row["reasons_a_page"],
            ]
            for name, rows in rows_by_name.items()
            for row in rows
        ),
    )


def _plot(document: Mapping[str, Any], path: Path) -> None:
    groups = {
        name: {f"{row['minutes']} min, {row['clicks']} clicks": row["on_page"] for row in rows}
        for name, rows in document["rows"].items()
    }
    title = f"Readers with a new story on the first page: {document['data']['newsroom']}"
    plot_bars(groups, document["readers"], title, path)
