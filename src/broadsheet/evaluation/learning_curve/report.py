"""The report of the learning curve: document, tables and plots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from broadsheet.evaluation.learning_curve.measure import BOTH, NOTES, SCORER, SHARES, TOWERS, Curve
from broadsheet.evaluation.report.document import SAMPLES, common, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, cell, notes, table_of_differences
from broadsheet.evaluation.report.plots import plot_curves
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.metrics.ranking import mean_scores
from broadsheet.offline.replay import SEEDS

DRAWN = {"": "auc", "-ndcg": "ndcg@10"}
METRICS = (*DRAWN.values(),)


def describe_curve(curve: Curve, train: str) -> dict[str, Any]:
    """Return a document that JSON can hold: rows with intervals for each share, and what all bring over a share."""
    users = [one.user_id for one in curve.impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    rows = {
        row: {
            f"{share:g}": bootstrap.intervals({name: values[name] for name in METRICS})
            for share, values in found.items()
        }
        for row, found in curve.rows.items()
    }
    differences = [
        {"of": f"{row}, all", "minus": f"{row}, {less:g}", "metric": name}
        | bootstrap.difference(curve.rows[row][1.0][name], curve.rows[row][less][name])._asdict()
        for row in (TOWERS, SCORER, BOTH)
        for less in SHARES[:-1]
        for name in METRICS
    ]
    bench = curve.bench
    document = common("learning-curve", bench.data, bench.models, curve.split, users, setting="content-only", towers=[])
    return {
        **document,
        "train": train,
        "seeds": list(SEEDS),
        "clicks": {f"{share:g}": clicks for share, clicks in curve.clicks.items()},
        "notes": NOTES,
        "rows": rows,
        "differences": with_holm(differences),
        "runs": {
            row: {f"{share:g}": [mean_scores(run) for run in several] for share, several in found.items()}
            for row, found in curve.runs.items()
        },
        "remarks": ["Only the impressions that the models learn from are cut; counts are those of the whole corpus."],
    }


def report_curve(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and a plot of each metric."""
    split, clicks, rows = document["data"]["split"], document["clicks"], document["rows"]
    lines = [f"# What is reached on `{split}` with a part of the clicks of `{document['train']}`", ""]
    for metric in METRICS:
        body = ([row, *(cell(found[share][metric]) for share in clicks)] for row, found in rows.items())
        lines += [*table([metric, *(f"{count:,} clicks" for count in clicks.values())], body), ""]
    lines += [*table_of_differences(document["differences"]), "", "## What was measured", ""]
    lines += [*about(document), "", *notes(document["notes"])]
    plots = {ending: partial(_draw, document, metric) for ending, metric in DRAWN.items()}
    return Report(f"learning-curve-{split}", document, lines, plots)


def _draw(document: Mapping[str, Any], metric: str, path: Any) -> None:  # noqa: ANN401
    clicks, rows = document["clicks"], document["rows"]
    curves = {row: {clicks[share]: found[metric] for share, found in shares.items()} for row, shares in rows.items()}
    title = f"Learning curve on {document['data']['split']}"
    plot_curves({"": curves}, title, path, along="clicks learned from", down=metric)
