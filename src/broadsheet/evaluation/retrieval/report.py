"""What the retrieval benchmark found: as JSON, as Markdown tables, and as plots of recall over k and of slices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.report.document import (
    INTERVALS,
    SAMPLES,
    about,
    data_of,
    difference_lines,
    differences_of,
    filled,
    models_of,
    stamp,
    table_lines,
    with_holm,
)
from broadsheet.evaluation.report.plots import plot_curves, plot_slices
from broadsheet.evaluation.retrieval.benchmark import CATALOGUE, POOL, SOURCES, Results, index_recall, notes_of
from broadsheet.evaluation.retrieval.lists import DEPTH
from broadsheet.evaluation.retrieval.measure import BEYOND, DEPTHS, SLICED, Measured, mean_measured
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import SEEDS, UNTRAINED
from broadsheet.tables.files import replacing, write_json, write_text
from broadsheet.workbench.workbench import Workbench

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
    results: Results, bench: Workbench, split: Split, checkout: Path, *, hours: float, lend: bool
) -> dict[str, Any]:
    """Return a document that JSON can hold; `rows`, `lists`, `slices` are of the whole catalogue, as in `live_pool`."""
    users = [one.user_id for one in results.impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    combined = {
        universe: {row: mean_measured(runs) for row, runs in rows.items()} for universe, rows in results.runs.items()
    }
    sections = {universe: _section(bootstrap, rows, results.runs[universe]) for universe, rows in combined.items()}
    pool = {"hours": hours, "articles": results.articles[POOL], "reachable": results.reachable[POOL]}
    return {
        "benchmark": "retrieval",
        "setting": "live" if lend else "content-only",
        **stamp(checkout),
        "data": data_of(bench, split, users) | {"reachable": _reachable(split, results)},
        "models": models_of(bench, results.towers) | {"sources": bench.source_weights},
        "seeds": list(SEEDS),
        "intervals": INTERVALS,
        "definitions": DEFINITIONS,
        "notes": notes_of(combined[CATALOGUE], results.sources),
        **sections[CATALOGUE],
        "live_pool": pool | sections[POOL],
        "differences": _differences(bootstrap, combined, results),
        "index_recall": index_recall(bench, results.impressions),
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
            pairs += [(fusion, source) for source in (*SOURCES, towers) if source in rows]
        pairs += [(towers, UNTRAINED) for towers in results.sources.values() if towers != UNTRAINED]
        found += [{"in": universe} | one for one in differences_of(bootstrap, values, pairs, COMPARED)]
    return with_holm(found)


def _setting_remark(lend: bool, split: Split) -> str:
    if not lend:
        return "Content-only: nothing of the split itself is known, and of others what lies before the request."
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


def retrieval_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown: both universes, the differences, the slices and what it was measured on."""
    pool, data = document["live_pool"], document["data"]
    lines = [f"# Retrieval on `{data['split']}`, {document['setting']}", "", *about(document), ""]
    lines += [
        f"Reachable in the whole catalogue: {data['reachable']:.1%} of the clicks.",
        "",
    ]
    lines += ["## Whole catalogue", "", *_tables(document)]
    lines += [f"## Live pool: {pool['hours']:g} hours", ""]
    lines += [
        f"{pool['articles']:,.0f} articles, which {pool['reachable']:.1%} of the relevant clicks are on.",
        "",
    ]
    near = [f"reachable recall@{k}" for k in DEPTHS]
    lines += [*_tables(pool), *table_lines("live pool", pool["rows"], near), ""]
    for universe in (CATALOGUE, POOL):
        compared = [one for one in document["differences"] if one["in"] == universe]
        lines += [f"## Paired differences, {universe.replace('_', ' ')}", "", *difference_lines(compared), ""]
    lines += [f"## Slices: recall@{SLICED}, whole catalogue", "", *_slice_table(document["slices"]), ""]
    lines += [f"## Slices: recall@{SLICED}, live pool", "", *_slice_table(pool["slices"]), ""]
    lines += _spread(document["runs"])
    lines += ["## Definitions", "", *(f"- {name}: {text}." for name, text in document["definitions"].items()), ""]
    if document["index_recall"]:
        shares = ", ".join(f"{name} {share:.4f}" for name, share in document["index_recall"].items())
        lines += [f"The approximate index against exact search: {shares}.", ""]
    lines += ["## Rows", "", *(f"- {row}: {note}." for row, note in document["notes"].items())]
    return "\n".join(lines) + "\n"


def _tables(section: Mapping[str, Any]) -> list[str]:
    rows, lists = section["rows"], section["lists"]
    whole = [f"{name}@{k}" for name in ("coverage", "gini") for k in BEYOND]
    novel = [f"novelty@{k}" for k in BEYOND]
    lines = [*table_lines("recall", rows, [f"recall@{k}" for k in DEPTHS]), ""]
    lines += [*table_lines("order", rows, [*(f"ndcg@{k}" for k in DEPTHS), "mrr"]), ""]
    lines += [f"| beyond accuracy | {' | '.join([*whole, *novel])} |", "|---" * 7 + "|"]
    for row, values in lists.items():
        cells = [f"{values[name]:.4f}" for name in whole] + [f"{rows[row][name]['mean']:.2f}" for name in novel]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return [*lines, ""]


def _slice_table(slices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    turned = {name: {row: values[name] for row, values in slices.items()} for name in next(iter(slices.values()))}
    return table_lines("slice", turned, list(slices))


def _spread(runs: Mapping[str, list[dict[str, float]]]) -> list[str]:
    """Return the least and the largest mean over seeds and halvings."""
    lines = ["## Spread over seeds and halvings, whole catalogue", "", f"| row | runs | {' | '.join(COMPARED)} |"]
    lines += ["|---" * (len(COMPARED) + 2) + "|"]
    for row, several in runs.items():
        values = [[run[name] for run in several] for name in COMPARED]
        cells = " | ".join(f"{min(value):.4f} to {max(value):.4f}" for value in values)
        lines.append(f"| {row} | {len(several)} | {cells} |")
    return [*lines, ""]


def write_retrieval(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write retrieval-<split>[-live].json, .md, -recall.png and -slices.png, each whole or not at all."""
    name = f"retrieval-{document['data']['split']}" + ("-live" if document["setting"] == "live" else "")
    paths = [out / f"{name}{end}" for end in (".json", ".md", "-recall.png", "-slices.png")]
    write_json(paths[0], document)
    write_text(paths[1], retrieval_markdown(document))
    pool, split = document["live_pool"], document["data"]["split"]
    titles = ("whole catalogue", f"live pool, {pool['hours']:g} hours")
    title = f"on {split}, {document['setting']}"
    curves = [{row: _curve(values) for row, values in section["rows"].items()} for section in (document, pool)]
    with replacing(paths[2]) as part:
        plot_curves(dict(zip(titles, curves, strict=True)), f"Recall@k {title}", part)
    with replacing(paths[3]) as part:
        slices = dict(zip(titles, (document["slices"], pool["slices"]), strict=True))
        plot_slices(slices, f"Recall@{SLICED} {title}", part)
    return paths


def _curve(values: Mapping[str, Any]) -> dict[int, Any]:
    return {k: values[f"recall@{k}"] for k in DEPTHS}
