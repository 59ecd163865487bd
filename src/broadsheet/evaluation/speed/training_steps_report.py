"""The report of training steps: document, table and plot."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import notes
from broadsheet.evaluation.report.plots import new_figure, save
from broadsheet.evaluation.speed.training_steps import HISTORY, NEXT_CLICKS, SHOWN, VALID_LIMIT, Run, Workload
from broadsheet.markdown import table
from broadsheet.models import loading as models

PLAIN = "plain, float32"
_INK, _ACCENT, _HUES = "#1d1b17", "#8c1d18", ("#5b5750", "#c08a00", "#2f6f9f", "#8c1d18", "#3c8d5a")


def describe_steps(
    workload: Workload, runs: Mapping[str, Run], curve: Mapping[int, float], *, train: str, valid: str
) -> dict[str, Any]:
    """Return a document that JSON can hold."""
    steps = len(runs[PLAIN].seconds)
    clicks = len(workload.steps[0])
    return {
        "benchmark": "training step",
        **stamp(),
        "device": _device(),
        "base": Path(models.resolve(workload.models.encoder)).name,
        "mode": "lora",
        "data": {
            "newsroom": workload.data.newsroom.path.name,
            "train": train,
            "valid": valid,
            "steps": steps,
            "clicks_a_step": clicks,
            "readers_a_step": workload.readers,
            "impressions_a_step": clicks - NEXT_CLICKS * workload.readers,
            **_articles(workload, steps),
        },
        "rows": {name: _row(run, runs[PLAIN], steps, clicks) for name, run in runs.items()},
        "ndcg@10": _time_to(runs, curve, steps),
    }


def _device() -> str:
    threads = torch.get_num_threads()
    on_cpu = f"{threads} CPU {'thread' if threads == 1 else 'threads'}"
    return torch.cuda.get_device_name() if torch.cuda.is_available() else on_cpu


def _articles(workload: Workload, steps: int) -> dict[str, float]:
    """Return the articles that the clicks of a mean step name, and how many are distinct."""
    named, distinct = [], []
    for step in range(steps):
        batch = workload.batch(step, encode_history=True)
        named.append(int(batch["history_mask"].sum() + len(batch["clicked"]) + batch["negatives_mask"].sum()))
        distinct.append(len(batch["rows"]))
    return {
        "articles_named_a_step": round(sum(named) / steps),
        "distinct_articles_a_step": round(sum(distinct) / steps),
    }


def _row(run: Run, plain: Run, steps: int, clicks: int) -> dict[str, Any]:
    seconds, losses = run.seconds[:steps], run.losses[:steps]
    ratios = [other / own for other, own in zip(plain.seconds, seconds, strict=True)]
    peaks = [peak for peak in run.peaks[:steps] if peak is not None]
    return {
        "note": run.note,
        "seconds": [round(value, 2) for value in seconds],
        "clicks_per_s": round(clicks / median(seconds), 3),
        "times_plain": round(median(ratios), 2),
        "losses": [round(loss, 5) for loss in losses],
        "largest_loss_difference": max(abs(a - b) for a, b in zip(losses, plain.losses, strict=True)),
        "peak_gb": max(peaks, default=None),
    }


def _time_to(runs: Mapping[str, Run], curve: Mapping[int, float], steps: int) -> dict[str, Any]:
    """Return the best nDCG@10 that ours reached, when, and the seconds that each version needs for `steps` steps."""
    reached = max(curve, key=lambda step: curve[step])  # 0 if no step was better than none
    seconds = {
        name: round(reached * median(run.seconds[:steps]), 1) for name, run in runs.items() if run.encode_history
    }
    return {
        "by_step": {str(step): value for step, value in curve.items()},
        "target": curve[reached],
        "steps": reached,
        "seconds": seconds if reached else {},
    }


def report_steps(document: Mapping[str, Any]) -> Report:
    """Return the document with its table, what it was measured on, and a plot."""
    goal = document["ndcg@10"]
    head = ["training step", "clicks/s", "times plain", "largest difference in loss", "peak GB"]
    rows = (
        [
            name,
            f"{row['clicks_per_s']:.2f}",
            f"{row['times_plain']:.1f}",
            f"{row['largest_loss_difference']:.1e}",
            row["peak_gb"],
            f"{goal['seconds'][name]:,.0f}" if name in goal["seconds"] else "-",
        ]
        for name, row in document["rows"].items()
    )
    explained = {name: row["note"] for name, row in document["rows"].items()}
    lines = [*table([*head, f"s to nDCG@10 {goal['target']:.4f}"], rows), "", *notes(explained), "", *_about(document)]
    return Report("training-step", document, lines, {"": lambda path: _draw(document, path)})


def _about(document: Mapping[str, Any]) -> list[str]:
    data, goal = document["data"], document["ndcg@10"]
    curve = ", ".join(f"{value:.4f} after {step}" for step, value in goal["by_step"].items())
    shown = f", and {data['impressions_a_step']} clicks of impressions with {SHOWN} articles shown beside each"
    return [
        f"{document['base']} with low-rank adapters on {document['device']}; medians of {data['steps']} steps, which "
        "the versions take in turns from the same first weights; the ratio is the median of the steps' own ratios.",
        f"A step has {data['clicks_a_step']} clicks of split `{data['train']}`, each with {HISTORY} articles of "
        f"history: the newest {NEXT_CLICKS} clicks of each of {data['readers_a_step']} readers"
        f"{shown if data['impressions_a_step'] else ''}. They name {data['articles_named_a_step']:,} "
        f"articles, {data['distinct_articles_a_step']:,} of them distinct.",
        "Plain goes backward one click at a time; the first pass that this needs is not counted.",
        f"nDCG@10 on {VALID_LIMIT} impressions of `{data['valid']}`, in steps of ours: {curve}. "
        + (
            f"The seconds to the best of them are {goal['steps']} steps at each version's median: only ours was "
            "trained so far, and the losses of the others agree with its own."
            if goal["seconds"]
            else "None is better than before training, so no time to it is given."
        ),
    ]


def _draw(document: Mapping[str, Any], path: Path) -> None:
    figure = new_figure(11, 4)
    speed, loss = figure.subplots(1, 2, width_ratios=(1, 1.1))
    rows = document["rows"]
    values = [row["clicks_per_s"] for row in rows.values()]
    bars = speed.barh(list(rows), values, color=_HUES[: len(rows)])
    labels = [f" {row['clicks_per_s']:.2f}  ({row['times_plain']:.1f}x)" for row in rows.values()]
    speed.bar_label(bars, labels, fontsize=9, color=_INK)
    speed.set_xlim(0, 1.35 * max(values))
    speed.invert_yaxis()
    speed.set_title("Clicks a second, and times plain", fontsize=10, color=_INK)
    marks = ("o-", "s--", "x-", "D:", "^-")
    for (name, row), colour, mark in zip(rows.items(), _HUES, marks, strict=False):
        loss.plot(range(1, len(row["losses"]) + 1), row["losses"], mark, color=colour, label=name, markersize=5)
    loss.set_title("Loss of each step", fontsize=10, color=_INK)
    loss.set_xlabel("step", fontsize=9)
    loss.set_xticks(range(1, document["data"]["steps"] + 1))
    loss.legend(fontsize=8.5, frameon=False)
    for axes in (speed, loss):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9)
    data = document["data"]
    title = f"A step of {data['clicks_a_step']} clicks with {HISTORY} articles of history each, on {document['device']}"
    figure.suptitle(title, fontsize=11, color=_INK)
    save(figure, path)
