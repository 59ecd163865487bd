"""The report of the benchmark of the cascade: document, tables and plots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.errors import ModelError
from broadsheet.evaluation.pages.cascade import (
    DEPTHS,
    METRICS,
    OVERLAP,
    SAME,
    SAME_ORDER,
    Remembered,
    draw_histories,
    measure_lists,
    measure_pages,
)
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, cell, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_curves
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.progress import Say
from broadsheet.workbench.workbench import Workbench

ALL = "all"
NOTES = {
    "depth": "most candidates of a reader that the cross-encoder reads; the others have an estimated relevance",
    SAME: "share of readers whose first ten articles are those of the whole reading, in any order",
    SAME_ORDER: "the same in the same order",
    OVERLAP: "share of the first ten that is among the first ten of the whole reading",
    "processor": "of a reader, without retrieval: the re-ranker's time, and that of a pair times the pairs read",
}


def measure_cascade(bench: Workbench, split: Split, readers: int, say: Say) -> Report:
    """Measure each depth on the split's impressions, and on the pages of some of its readers.

    Raises ModelError without a cross-encoder.
    """
    if bench.models.cross_encoder is None:
        raise ModelError(
            "found no cross-encoder that fits this newsroom, expected one to measure how much it must read."
        )
    ((view, impressions),) = requests_of(bench, split, lent=False)
    score = Remembered(bench.models.cross_encoder)
    drawn = draw_histories(impressions, readers)
    say(f"pages of {len(drawn)} readers")
    pages, costs, scorer = measure_pages(view, drawn, score)
    say(f"{len(impressions)} impressions")
    rows = measure_lists(view, impressions, score)
    users = [one.user_id for one in impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    of_readers = Bootstrap([one.user_id for one in drawn], np.random.default_rng(0), SAMPLES)
    return report_cascade(
        {
            **common("cascade", bench.data, bench.models, split, users, **ranking_models(bench.models)),
            "readers": len(drawn),
            "ranked": bench.models.config.rerank.depth,
            "reads": bench.models.config.rerank.cross_encoder_reads,
            "rows": {name: bootstrap.intervals(values) for name, values in rows.items()},
            "differences": differences_of(bootstrap, rows, [(name, ALL) for name in rows if name != ALL]),
            "pages": {name: of_readers.intervals(values) for name, values in pages.items()},
            "costs": costs,
            "pair_ms": score.milliseconds,
            "scorer": scorer,
            "remarks": [
                "Readers: drawn by a seed from those of the split with a history; candidates of the edition as of its "
                "time, arranged by the policy of the settings.",
            ],
        }
    )


def report_cascade(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and plots."""
    name = f"cascade-{document['data']['split']}"
    rows, pages = document["rows"], document["pages"]
    depths = {name: depth for name, depth in DEPTHS.items() if name in rows and name != ALL}
    lost = {
        metric: {
            depths[one["of"]]: one for one in document["differences"] if one["metric"] == metric and one["of"] in depths
        }
        for metric in METRICS
    }
    tens = {part: {depth: pages[name][part] for name, depth in depths.items()} for part in (OVERLAP, SAME)}
    draw = partial(plot_curves, along="candidates that the cross-encoder reads")
    plots = {
        "": partial(draw, {"impressions": lost}, "The cascade less the whole reading", down="difference"),
        "-pages": partial(draw, {"pages": tens}, "The first ten by depth", down="share"),
    }
    return Report(name, document, cascade_lines(document), plots)


def cascade_lines(document: Mapping[str, Any]) -> list[str]:
    """Return the tables of a document as Markdown."""
    scorer, costs = document["scorer"], document["costs"]
    measured = (
        [
            name,
            *(cell(document["pages"].get(name, {}).get(part)) for part in (SAME, SAME_ORDER, OVERLAP)),
            f"{cost['pairs']:.1f}",
            f"{cost['processor_ms']:.1f}",
        ]
        for name, cost in costs.items()
    )
    lines = [
        *table_of_means("depth", document["rows"], METRICS),
        "",
        *table_of_differences(document["differences"]),
        "",
        f"Pages of {document['readers']:,} readers, of the {document['ranked']} candidates that are ranked; the "
        f"setting `cross_encoder_reads` was {document['reads']}:",
        "",
        *table(["depth", SAME, SAME_ORDER, OVERLAP, "pairs a reader", "processor, ms a reader"], measured),
        "",
        f"A pair takes the cross-encoder {document['pair_ms']:.2f} ms of a core.",
    ]
    if scorer:
        whole = scorer["us_a_candidate"] * scorer["candidates"] / 1000
        lines[-1] += (
            f" A candidate takes the attentive scorer {scorer['us_a_candidate']:.1f} µs, and the "
            f"{scorer['candidates']:.0f} candidates of a reader {whole:.2f} ms."
        )
    return [*lines, "", *about(document), "", *notes(NOTES)]
