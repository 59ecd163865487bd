"""The report of the retrieval benchmark: document, tables, and plots of recall over k and of slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, filled, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_curves, plot_slices
from broadsheet.evaluation.retrieval.benchmark import CATALOGUE, POOL, Results, notes_of
from broadsheet.evaluation.retrieval.lists import DEPTH
from broadsheet.evaluation.retrieval.measure import BEYOND, DEPTHS, SLICED, Measured, mean_measured
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import SEEDS, UNTRAINED
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

COMPARED = ("recall@100", "recall@200")
"""Metrics of the paired differences."""

DEFINITIONS = {
    "relevant": "clicked articles that have text and were not read before; every other unread article competes",
    "recall@k": "|hits among the first k| / |relevant|, not capped at k; what cannot be reached counts as missed",
    "reachable recall@k": "the same over the relevant articles that are in the pool alone",
    "ndcg@k": "log2-discounted gain over that of the best order, relevance 0 or 1",
    "mrr": f"1 / rank of the first relevant article among the first {DEPTH}, else 0",
    "coverage@k": "share of the articles there that stand among the first k of at least one reader",
    "gini@k": "Gini index of how often the articles there stand among the first k: 0 equal, 1 one article alone",
    "novelty@k": "mean over the first k of -log2 of an article's share of the clicks before the request, each plus one",
}
"""What each metric is."""


def describe_retrieval(
    results: Results, data: EditionData, models: EditionModels, split: Split, *, hours: float, lend: bool
) -> dict[str, Any]:
    """Return a document that JSON can hold; `rows`, `lists`, `slices` are of the whole catalogue, as in `live_pool`."""
    users = [one.user_id for one in results.impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    combined = {
        universe: {row: mean_measured(runs) for row, runs in rows.items()} for universe, rows in results.runs.items()
    }
    sections = {universe: _section(bootstrap, rows, results.runs[universe]) for universe, rows in combined.items()}
    pool = {"hours": hours, "articles": results.articles[POOL], "reachable": results.reachable[POOL]}
    setting = "live" if lend else "content-only"
    trained = {"towers": results.towers, "sources": models.source_weights}
    shared = common("retrieval", data, models, split, users, setting=setting, **trained)
    return {
        **shared,
        "data": shared["data"] | {"reachable": _reachable(split, results)},
        "seeds": list(SEEDS),
        "definitions": DEFINITIONS,
        "notes": notes_of(combined[CATALOGUE], results.sources),
        **sections[CATALOGUE],
        "live_pool": pool | sections[POOL],
        "differences": _differences(bootstrap, combined, results),
        "index_recall": results.index_recall,
        "remarks": [_setting_remark(lend, split), *results.remarks],
    }


def _section(bootstrap: Bootstrap, rows: Mapping[str, Measured], runs: Mapping[str, list[Measured]]) -> dict[str, Any]:
    """Return the intervals of every metric and slice, and the means of every run where there are several."""
    return {
        "rows": {row: bootstrap.intervals(measured.values) for row, measured in rows.items()},
        "lists": {row: measured.whole for row, measured in rows.items()},
        "slices": {row: bootstrap.intervals(filled(measured.slices)) for row, measured in rows.items()},
        "runs": {
            row: [{name: float(np.nanmean(value)) for name, value in run.values.items()} for run in several]
            for row, several in runs.items()
            if len(several) > 1
        },
    }


def _reachable(split: Split, results: Results) -> float:
    """Return the share of all clicks whose article is in the catalogue, of those not read before."""
    with_text = split.coverage["clicks_with_text"] / max(split.coverage["clicks"], 1)
    return with_text * results.reachable[CATALOGUE]


def _differences(
    bootstrap: Bootstrap, combined: Mapping[str, Mapping[str, Measured]], results: Results
) -> list[dict[str, Any]]:
    """Return fusion minus each source alone, and trained minus untrained towers, corrected together."""
    found = []
    for universe, rows in combined.items():
        values = {row: measured.values for row, measured in rows.items()}
        pairs = []
        for fusion, towers in results.sources.items():
            pairs += [(fusion, source) for source in rows if source.startswith("source ") or source == towers]
        pairs += [(towers, UNTRAINED) for towers in results.sources.values() if towers != UNTRAINED]
        found += [{"in": universe} | one for one in differences_of(bootstrap, values, pairs, COMPARED)]
    return with_holm(found)


def _setting_remark(lend: bool, split: Split) -> str:
    if not lend:
        return (
            "Content-only: no click and no list of the split is known. Clicks and lists of other splits are known up "
            "to the request."
        )
    remark = (
        f"Live: half of the readers, drawn with each of {len(SEEDS)} seeds, lend their clicks and lists of the split, "
        "and the other half is measured; a value is the mean over the halvings that measured the request's reader."
    )
    if len({one.time for one in split.impressions}) == 1:
        remark += (
            " All impressions bear one time, so all that was lent is known, what in truth came later than a request "
            "included: an upper bound of live counters."
        )
    return remark


def report_retrieval(document: Mapping[str, Any]) -> Report:
    """Return the document with the tables of both universes, the differences, the slices, and plots."""
    pool, data = document["live_pool"], document["data"]
    lines = [
        *[f"# Retrieval on `{data['split']}`, {document['setting']}", "", *about(document), ""],
        *[f"Reachable in the whole catalogue: {data['reachable']:.1%} of the clicks.", ""],
        *["## Whole catalogue", "", *_tables(document)],
        *[f"## Live pool: {pool['hours']:g} hours", ""],
        *[f"{pool['articles']:,.0f} articles, which {pool['reachable']:.1%} of the relevant clicks are on.", ""],
        *_tables(pool),
        *[*table_of_means("live pool", pool["rows"], [f"reachable recall@{k}" for k in DEPTHS]), ""],
    ]
    for universe in (CATALOGUE, POOL):
        compared = [one for one in document["differences"] if one["in"] == universe]
        lines += [f"## Paired differences, {universe.replace('_', ' ')}", "", *table_of_differences(compared), ""]
    lines += [f"## Slices: recall@{SLICED}, whole catalogue", "", *_slice_table(document["slices"]), ""]
    lines += [f"## Slices: recall@{SLICED}, live pool", "", *_slice_table(pool["slices"]), ""]
    lines += _spread(document["runs"])
    lines += ["## Definitions", "", *notes(document["definitions"]), ""]
    if document["index_recall"]:
        shares = ", ".join(f"{name} {share:.4f}" for name, share in document["index_recall"].items())
        lines += [f"The approximate index against exact search: {shares}.", ""]
    lines += ["## Rows", "", *notes(document["notes"])]
    name = f"retrieval-{data['split']}" + ("-live" if document["setting"] == "live" else "")
    return Report(name, document, lines, _plots(document))


def _tables(section: Mapping[str, Any]) -> list[str]:
    rows, lists = section["rows"], section["lists"]
    whole = [f"{name}@{k}" for name in ("coverage", "gini") for k in BEYOND]
    novel = [f"novelty@{k}" for k in BEYOND]
    beyond = (
        [row, *(f"{values[name]:.4f}" for name in whole), *(f"{rows[row][name]['mean']:.2f}" for name in novel)]
        for row, values in lists.items()
    )
    return [
        *[*table_of_means("recall", rows, [f"recall@{k}" for k in DEPTHS]), ""],
        *[*table_of_means("order", rows, [*(f"ndcg@{k}" for k in DEPTHS), "mrr"]), ""],
        *[*table(["beyond accuracy", *whole, *novel], beyond), ""],
    ]


def _slice_table(slices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    turned = {name: {row: values[name] for row, values in slices.items()} for name in next(iter(slices.values()))}
    return table_of_means("slice", turned, list(slices))


def _spread(runs: Mapping[str, list[dict[str, float]]]) -> list[str]:
    """Return the least and the largest mean over seeds and halvings."""
    rows = []
    for row, several in runs.items():
        values = [[run[name] for run in several] for name in COMPARED]
        rows.append([row, len(several), *(f"{min(value):.4f} to {max(value):.4f}" for value in values)])
    head = "## Spread over seeds and halvings, whole catalogue"
    return [head, "", *table(["row", "runs", *COMPARED], rows), ""]


def _plots(document: Mapping[str, Any]) -> dict[str, Callable[[Path], None]]:
    pool = document["live_pool"]
    titles = ("whole catalogue", f"live pool, {pool['hours']:g} hours")
    title = f"on {document['data']['split']}, {document['setting']}"
    curves = [
        {row: {k: values[f"recall@{k}"] for k in DEPTHS} for row, values in section["rows"].items()}
        for section in (document, pool)
    ]
    slices, ours = (document["slices"], pool["slices"]), in_use(document)
    recall, sliced = (dict(zip(titles, parts, strict=True)) for parts in (curves, slices))
    return {
        "-recall": lambda path: plot_curves(recall, f"Recall@k {title}", path, ours),
        "-slices": lambda path: plot_slices(sliced, f"Recall@{SLICED} {title}", path, ours),
    }


def in_use(document: Mapping[str, Any]) -> str:
    """Return the row of the fused sources with towers of the newsroom's own news tower; the last row without any."""
    models, rows = document["models"], list(document["rows"])
    own = (f"fusion, {one['label']} towers" for one in models["towers"] if one["news_tower"] == models["news_tower"])
    return next((row for row in own if row in rows), rows[-1])
