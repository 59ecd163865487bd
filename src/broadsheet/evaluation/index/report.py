"""What the benchmark of indexes found, as JSON, Markdown tables and a plot."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import new_figure, save
from broadsheet.markdown import table

COLOURS = ("#8c1d18", "#2f6f9f", "#3c8d5a", "#c08a00", "#7a5ea8", "#1f9aa0", "#b0457a", "#7d5a2f", "#5b5750")
OTHERS = ("hnswlib", "usearch")


def curve(
    efforts: Sequence[Any],
    name: str,
    recalls: Mapping[tuple[str, int], float],
    qps: Mapping[tuple[str, int], float],
) -> list[dict[str, Any]]:
    """Return the points of an engine, the least effort first."""
    return [
        {
            "effort": vars(effort) if hasattr(effort, "__dict__") else {"ef": effort},
            "recall": recalls[name, place],
            "qps": qps[name, place],
        }
        for place, effort in enumerate(efforts)
    ]


def speed_at(points: Sequence[Mapping[str, float]], recall: float) -> float | None:
    """Return the queries a second at a recall, between the points about it; None where it is not reached.

    An engine that never has less is as fast as at its least effort.
    """
    best = sorted((point["recall"], point["qps"]) for point in points)
    if best[-1][0] < recall:
        return None
    above = max(qps for found, qps in best if found >= recall)
    below = [(found, qps) for found, qps in best if found < recall]
    if not below:
        return above
    first = next((found, qps) for found, qps in best if found >= recall)
    share = (recall - below[-1][0]) / (first[0] - below[-1][0])
    between = float(np.exp((1 - share) * np.log(below[-1][1]) + share * np.log(first[1])))
    return max(above, between)


def join_sizes(document: Mapping[str, Any], out: Path | None) -> dict[str, Any]:
    """Return the document with the sizes of an earlier index.json in a folder too, if they were not measured now."""
    path = out / "index.json" if out else None
    earlier = json.loads(path.read_text("utf-8"))["sizes"] if path and path.is_file() else {}
    origin = {name: document[name] for name in ("date", "commit", "command") if name in document}
    measured = {size: {**found, **origin} for size, found in document["sizes"].items()}
    return {**document, "sizes": dict(sorted({**earlier, **measured}.items(), key=lambda pair: int(pair[0])))}


def report_index(document: Mapping[str, Any]) -> Report:
    """Return the document with a table for each size, what the widened vectors are like, and a plot."""
    lines: list[str] = []
    for size, found in document["sizes"].items():
        lines += [f"## {int(size):,} vectors", ""]
        if int(size) > _articles(document):
            lines += ["The articles' own, widened.", ""]
        lines += [*_engine_lines(found, document["recall"]), "", _about_auto(found["auto"]), ""]
        lines += _trials(found["auto"])
    return Report("index", document, [*lines, *_about(document)], {"": lambda path: _plot(document, path)})


def _engine_lines(found: Mapping[str, Any], recall: float) -> list[str]:
    rows = []
    for name, engine in found["engines"].items():
        speed = speed_at(engine["curve"], recall)
        highest = max(point["recall"] for point in engine["curve"])
        chosen = " (auto's choice)" if name == found["auto"]["kind"] else ""
        label = name if name.startswith(OTHERS) else f"Broadsheet, {name}{chosen}"
        shown = f"{speed:,.0f}" if speed else f"not reached ({highest:.3f})"
        rows.append([label, shown, f"{engine['bytes_per_vector']:,.0f}", f"{engine['build_seconds']:,.1f}"])
    return table(["index", f"queries/s at recall@100 {recall}", "bytes a vector", "build, s"], rows)


def _articles(document: Mapping[str, Any]) -> int:
    return min(int(size) for size in document["sizes"])


def _about_auto(auto: Mapping[str, Any]) -> str:
    return (
        f"auto: {auto['kind']}, recall@100 {auto['recall@100']:.4f} on {auto['queries']['count']} "
        f"{auto['queries']['of']} over all vectors, {auto['qps']:,.0f} queries/s; with its trials it took "
        f"{auto['seconds']:,.0f} s and at most {auto['anonymous_mib']:,} MiB, mapped files apart."
    )


def _trials(auto: Mapping[str, Any]) -> list[str]:
    if len(auto["trials"]) < 2:
        return []
    head = ["trial on a sample", "recall@100", "queries/s", "growth", "expected over all", "bytes a vector", "build, s"]
    rows = (
        [
            row["kind"] + (f" ({row['note']})" if row["note"] else ""),
            f"{row['recall@100']:.4f}",
            f"{row['qps']:,.0f}",
            "" if row["growth"] is None else row["growth"],
            f"{row['expected_qps']:,.0f}",
            f"{row['bytes_per_vector']:,.0f}",
            f"{row['build_seconds']:,.1f}",
        ]
        for row in auto["trials"]
    )
    return [*table(head, rows), ""]


def _about(document: Mapping[str, Any]) -> list[str]:
    widened = document["widened"]
    head = ["as many vectors as articles", "1st score", "10th", "100th", "its deviation", "local dimension"]
    figures = {"score_1": ".3f", "score_10": ".3f", "score_100": ".3f", "spread_100": ".3f", "dimension": ".1f"}
    rows = (
        [name, *(format(row[figure], form) for figure, form in figures.items())]
        for name, row in (("the articles' own", widened["articles"]), ("widened alone", widened["widened"]))
    )
    return [
        f"{document['queries']} user vectors in batches of {document['batch']}, {document['threads']} threads, "
        f"median of {document['rounds']} rounds that took all indexes in turn; graphs with 32 links, built at "
        "breadth 200.",
        "",
        *table(head, rows),
    ]


def _plot(document: Mapping[str, Any], path: Path) -> None:
    sizes = document["sizes"]
    figure = new_figure(4.6 * len(sizes), 4.4)
    names = list(dict.fromkeys(name for found in sizes.values() for name in found["engines"]))
    for axis, (size, found) in zip(figure.subplots(1, len(sizes), squeeze=False)[0], sizes.items(), strict=True):
        for name, engine in found["engines"].items():
            points = [point for point in engine["curve"] if point["recall"] >= 0.8]
            ours = not name.startswith(OTHERS)
            chosen = name == found["auto"]["kind"]
            axis.plot(
                [point["recall"] for point in points],
                [point["qps"] for point in points],
                color=COLOURS[names.index(name) % len(COLOURS)],
                linestyle="-" if ours else "--",
                linewidth=2.2 if chosen else 1.2,
                marker="o" if ours else "s",
                markersize=4 if chosen else 2.5,
                label=name + (" (auto)" if chosen else ""),
            )
        axis.axvline(document["recall"], color="#d5cdbd", zorder=0)
        axis.set_yscale("log")
        axis.set_title(f"{int(size):,} vectors", loc="left")
        axis.set_xlabel("recall@100")
        axis.grid(axis="y", which="both", color="#eee8dc")
        axis.legend(fontsize=7, frameon=False)
    figure.axes[0].set_ylabel("queries a second")
    save(figure, path)
