"""Plots of benchmark results; needs the extra `evaluation`, and loads matplotlib only when something is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError

_INK, _ACCENT, _RULE = "#1d1b17", "#8c1d18", "#d5cdbd"

Interval = Mapping[str, float]
"""mean, low and high."""


def new_figure(width: float, height: float) -> Any:  # noqa: ANN401
    """Return an empty matplotlib figure, in inches; raises InputError if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError('plot: matplotlib is missing. Install it: pip install "broadsheet[evaluation]".') from error
    return Figure(figsize=(width, height), layout="constrained")


def plot_rows(rows: Mapping[str, Mapping[str, Interval]], title: str, path: Path) -> None:
    """Draw a panel for each metric with a dot and its 95 % interval for each row, the last row in colour, as PNG."""
    metrics = list(next(iter(rows.values())))
    across = min(len(metrics), 4 if len(metrics) % 3 else 3)
    down = ceil(len(metrics) / across)
    figure = new_figure(3.1 * across + 1.3, down * (0.36 * len(rows) + 0.9) + 0.4)
    axes = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
    for place, (axis, metric) in enumerate(zip(axes, metrics, strict=False)):
        _panel(axis, metric, {name: values[metric] for name, values in rows.items()})
        axis.tick_params(axis="y", left=False, labelleft=place % across == 0)
    for axis in axes[len(metrics) :]:
        axis.remove()
    axes[0].invert_yaxis()  # shared: the first row stands at the top of every panel
    figure.suptitle(f"{title} (mean and 95 % interval)", fontsize=11, color=_INK)
    figure.savefig(path, format="png", dpi=150)


def _panel(axis: Any, metric: str, rows: Mapping[str, Interval]) -> None:  # noqa: ANN401
    for place, value in enumerate(rows.values()):
        colour = _ACCENT if place == len(rows) - 1 else _INK
        axis.plot([value["low"], value["high"]], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        axis.plot([value["mean"]], [place], marker="o", markersize=6, color=colour)
        label = f"{value['mean']:.3f}" if value["mean"] >= 0.1 else f"{value['mean']:.4f}"
        axis.annotate(
            label, (value["mean"], place), (0, 6), textcoords="offset points", ha="center", fontsize=8, color=colour
        )
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set_ylim(-0.7, len(rows) - 0.4)
    axis.set_title(metric, fontsize=10, color=_INK)
    axis.margins(x=0.12)
    axis.locator_params(axis="x", nbins=5)
    axis.grid(axis="x", color=_RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=8.5)
