"""What the benchmark of indexes found, as JSON, Markdown tables and a plot."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.plots import new_figure
from broadsheet.tables.files import replacing, write_json

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


def to_markdown(document: Mapping[str, Any]) -> str:
    """Return a table for each size, and what the widened vectors are like."""
    recall = document["recall"]
    lines = []
    for size, found in document["sizes"].items():
        auto = found["auto"]
        lines += [f"## {int(size):,} vectors", ""]
        if int(size) > _articles(document):
            lines += ["The articles' own, widened.", ""]
        lines += [f"| index | queries/s at recall@100 {recall} | bytes a vector | build, s |", "|---|---|---|---|"]
        for name, engine in found["engines"].items():
            speed = speed_at(engine["curve"], recall)
            highest = max(point["recall"] for point in engine["curve"])
            shown = f"{speed:,.0f}" if speed else f"not reached ({highest:.3f})"
            label = (
                name
                if name.startswith(OTHERS)
                else f"Broadsheet, {name}" + (" (auto's choice)" if name == auto["kind"] else "")
            )
            cells = f"{engine['bytes_per_vector']:,.0f} | {engine['build_seconds']:,.1f}"
            lines.append(f"| {label} | {shown} | {cells} |")
        lines += ["", _about_auto(auto), ""]
        lines += _trials(auto)
    return "\n".join([*lines, *_about(document)]) + "\n"


def write(document: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Write index.json, index.md and index.png; sizes of an earlier file that were not measured now are kept."""
    path = out / "index.json"
    earlier = json.loads(path.read_text("utf-8"))["sizes"] if path.is_file() else {}
    origin = {name: document[name] for name in ("date", "commit", "command") if name in document}
    measured = {size: {**found, **origin} for size, found in document["sizes"].items()}
    sizes = dict(sorted({**earlier, **measured}.items(), key=lambda pair: int(pair[0])))
    whole = {**document, "sizes": sizes}
    write_json(path, whole)
    with replacing(out / "index.md") as part:
        part.write_text(to_markdown(whole), "utf-8")
    _plot(whole, out / "index.png")
    return whole


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
    lines = ["| trial on a sample | recall@100 | queries/s | growth | expected over all | bytes a vector | build, s |"]
    lines.append("|---" * 7 + "|")
    for row in auto["trials"]:
        growth = "" if row["growth"] is None else row["growth"]
        cells = f"{row['qps']:,.0f} | {growth} | {row['expected_qps']:,.0f} | {row['bytes_per_vector']:,.0f}"
        note = f" ({row['note']})" if row["note"] else ""
        lines.append(f"| {row['kind']}{note} | {row['recall@100']:.4f} | {cells} | {row['build_seconds']:,.1f} |")
    return [*lines, ""]


def _about(document: Mapping[str, Any]) -> list[str]:
    real, new = document["widened"]["articles"], document["widened"]["widened"]
    return [
        f"{document['queries']} user vectors in batches of {document['batch']}, {document['threads']} threads, "
        f"median of {document['rounds']} rounds that took all indexes in turn; graphs with 32 links, built at "
        "breadth 200.",
        "",
        "| as many vectors as articles | 1st score | 10th | 100th | its deviation | local dimension |",
        "|---" * 6 + "|",
        *(
            f"| {name} | {row['score_1']:.3f} | {row['score_10']:.3f} | {row['score_100']:.3f} | "
            f"{row['spread_100']:.3f} | {row['dimension']:.1f} |"
            for name, row in (("the articles' own", real), ("widened alone", new))
        ),
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
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=150)
