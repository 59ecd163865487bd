"""Plots of benchmark results; needs the extra `evaluation`, and loads matplotlib only when something is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError

_INK, _ACCENT, _RULE = "#1d1b17", "#8c1d18", "#d5cdbd"
_HUES = (
    "#9a948a",
    "#5b5750",
    "#c08a00",
    "#2f6f9f",
    "#3c8d5a",
    "#7a5ea8",
    "#c9622c",
    "#1f9aa0",
    "#b0457a",
    "#7d5a2f",
    "#4a50b8",
)
_DASHES = ("-", "--", ":")

Interval = Mapping[str, float]
"""mean, low and high."""


def new_figure(width: float, height: float) -> Any:  # noqa: ANN401
    """Return an empty matplotlib figure, in inches; raises InputError if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError('plot: matplotlib is missing. Install it: pip install "broadsheet[evaluation]".') from error
    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def save(figure: Any, path: Path) -> None:  # noqa: ANN401
    """Write a figure as PNG; its parts are laid out once, where savefig alone would do that at each of two drawings."""
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    figure.savefig(path, format="png")


def plot_rows(rows: Mapping[str, Mapping[str, Interval]], ours: str, title: str, path: Path) -> None:
    """Draw a panel for each metric with a dot and its 95 % interval for each row, the row `ours` in colour, as PNG."""
    metrics = list(next(iter(rows.values())))
    across = min(len(metrics), 4 if len(metrics) % 3 else 3)
    down = ceil(len(metrics) / across)
    figure = new_figure(3.1 * across + 1.3, down * (0.36 * len(rows) + 0.9) + 0.4)
    axes = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
    for place, (axis, metric) in enumerate(zip(axes, metrics, strict=False)):
        _panel(axis, metric, {name: values[metric] for name, values in rows.items()}, ours)
        axis.tick_params(axis="y", left=False, labelleft=place % across == 0)
    for axis in axes[len(metrics) :]:
        axis.remove()
    axes[0].invert_yaxis()  # shared: the first row stands at the top of every panel
    figure.suptitle(f"{title} (mean and 95 % interval)", fontsize=11, color=_INK)
    save(figure, path)


def plot_curves(
    panels: Mapping[str, Mapping[str, Mapping[int, Interval]]],
    title: str,
    path: Path,
    ours: str = "",
    along: str = "k",
    down: str = "recall@k",
) -> None:
    """Draw a panel for each group of rows, with a line over k (log scale) and its 95 % band for each row, as PNG.

    The row `ours` is in colour; if it is empty, the last one. `along` and `down` name the axes; recall begins at 0.
    """
    figure = new_figure(5.2 * len(panels) + 2.6, 4.8)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    styles = styles_of([row for rows in panels.values() for row in rows], ours)
    for axis, (name, rows) in zip(axes, panels.items(), strict=True):
        for row, curve in rows.items():
            colour, dashes = styles[row]
            depths, values = list(curve), list(curve.values())
            axis.fill_between(
                depths, [v["low"] for v in values], [v["high"] for v in values], color=colour, alpha=0.13, linewidth=0
            )
            axis.plot(depths, [v["mean"] for v in values], color=colour, linestyle=dashes, linewidth=1.7, label=row)
        axis.set_xscale("log")
        axis.set_xticks(depths, [f"{k:,}" for k in depths])
        axis.minorticks_off()
        axis.set_xlabel(along, fontsize=9)
        dress(axis, name, grid="both")
    axes[0].set_ylabel(down, fontsize=9)
    if down == "recall@k":
        axes[0].set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    _finish(figure, handles[::-1], labels[::-1], title, path)  # ours, which should be on top, first


def plot_slices(
    panels: Mapping[str, Mapping[str, Mapping[str, Interval]]], title: str, path: Path, ours: str = ""
) -> None:
    """Draw a panel for each group of rows, with a dot and its 95 % interval for each row in each slice, as PNG.

    The row `ours` is in colour; if it is empty, the last one.
    """
    first = next(iter(panels.values()))
    slices = list(next(iter(first.values())))
    height = 0.075 * len(first) + 0.15
    figure = new_figure(4.4 * len(panels) + 4.4, height * len(slices) + 1.2)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    styles = styles_of([row for rows in panels.values() for row in rows], ours)
    for axis, (name, rows) in zip(axes, panels.items(), strict=True):
        for number, (row, values) in enumerate(rows.items()):
            shift = (number - (len(rows) - 1) / 2) * 0.8 / len(rows)
            _dots(axis, row, [(slices.index(part) + shift, value) for part, value in values.items()], styles[row][0])
        axis.set_yticks(range(len(slices)), slices)
        for place in range(1, len(slices)):
            axis.axhline(place - 0.5, color=_RULE, linewidth=0.6)
        axis.set_ylim(len(slices) - 0.5, -0.5)
        dress(axis, name, grid="x")
        axis.tick_params(axis="y", left=False)
    handles, labels = axes[0].get_legend_handles_labels()
    _finish(figure, handles, labels, title, path)


def _dots(axis: Any, row: str, places: Sequence[tuple[float, Interval]], colour: str) -> None:  # noqa: ANN401
    heights = [height for height, _ in places]
    axis.hlines(heights, [v["low"] for _, v in places], [v["high"] for _, v in places], color=colour, linewidth=1)
    axis.plot([v["mean"] for _, v in places], heights, "o", color=colour, markersize=3, label=row)


def styles_of(rows: Sequence[str], ours: str = "") -> dict[str, tuple[str, str]]:
    """Return a colour and a dash for each row: `ours`, or the last, in the accent, the others far apart in hue."""
    names = list(dict.fromkeys(rows))
    styles = {
        name: (_HUES[place % len(_HUES)], _DASHES[place // len(_HUES) % len(_DASHES)])
        for place, name in enumerate(names)
    }
    return styles | {ours or names[-1]: (_ACCENT, "-")}


def _finish(figure: Any, handles: Sequence[Any], labels: Sequence[str], title: str, path: Path) -> None:  # noqa: ANN401
    """Put one legend of all rows to the right of the panels, and write the figure."""
    figure.legend(handles, labels, loc="outside right center", fontsize=8.5, frameon=False)
    figure.suptitle(f"{title} (mean and 95 % interval)", fontsize=11, color=_INK)
    save(figure, path)


def dress(axis: Any, title: str, grid: str) -> None:  # noqa: ANN401
    """Give a panel its title, its grid ("x", "y" or "both"), and the look of all panels."""
    axis.set_title(title, fontsize=10, color=_INK)
    axis.grid(axis=grid, color=_RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=8.5)


def _panel(axis: Any, metric: str, rows: Mapping[str, Interval], ours: str) -> None:  # noqa: ANN401
    for place, (row, value) in enumerate(rows.items()):
        colour = _ACCENT if row == ours else _INK
        axis.plot([value["low"], value["high"]], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        axis.plot([value["mean"]], [place], marker="o", markersize=6, color=colour)
        label = f"{value['mean']:.3f}" if value["mean"] >= 0.1 else f"{value['mean']:.4f}"
        axis.annotate(
            label, (value["mean"], place), (0, 6), textcoords="offset points", ha="center", fontsize=8, color=colour
        )
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set_ylim(-0.7, len(rows) - 0.4)
    axis.margins(x=0.12)
    axis.locator_params(axis="x", nbins=5)
    dress(axis, metric, grid="x")
    axis.spines["left"].set_visible(False)


def plot_tradeoffs(
    panels: Mapping[tuple[str, str], Mapping[str, Sequence[Mapping[str, Interval]]]],
    marked: Mapping[str, Interval],
    label: str,
    path: Path,
) -> None:
    """Draw one metric against another, a panel for each pair (down, across), as PNG.

    A line joins the points of each curve in their order, with the 95 % interval of the first metric; `marked` is one
    point more, a star named `label`. Each point holds the interval of every metric named.
    """
    across = 2
    figure = new_figure(10.4, 3.9 * ceil(len(panels) / across) + 0.5)
    axes = figure.subplots(ceil(len(panels) / across), across, squeeze=False).ravel()
    for axis, ((down, along), curves) in zip(axes, panels.items(), strict=True):
        for (row, points), colour in zip(curves.items(), _HUES[1:], strict=False):
            places, values = [point[along]["mean"] for point in points], [point[down] for point in points]
            below, above = [v["low"] for v in values], [v["high"] for v in values]
            axis.vlines(places, below, above, color=colour, linewidth=0.8, alpha=0.5)
            axis.plot(places, [v["mean"] for v in values], "o-", color=colour, markersize=3, linewidth=1.2, label=row)
        at = (marked[along]["mean"], marked[down]["mean"])
        axis.plot(*at, "*", color=_ACCENT, markersize=13, label=label)
        axis.set_xlabel(along, fontsize=9)
        axis.set_ylabel(down, fontsize=9)
        dress(axis, "", grid="both")
        axis.legend(fontsize=8, frameon=False)
    save(figure, path)


def plot_reliability(ways: Mapping[str, Mapping[str, Any]], title: str, path: Path) -> None:
    """Draw share of clicks against predicted probability, a panel for each way of calibration, as PNG.

    Each way holds its `error`, the mean over seeds, and the `groups` of the first seed's predictions: the mean
    `probability`, and the share of clicks as an interval. On the diagonal predictions are true.
    """
    figure = new_figure(3.7 * len(ways) + 0.4, 4.2)
    axes = figure.subplots(1, len(ways), sharex=True, sharey=True, squeeze=False)[0]
    reach = 1.05 * max(max(one["probability"], one["high"]) for way in ways.values() for one in way["groups"])
    for axis, (name, way) in zip(axes, ways.items(), strict=True):
        places, groups = [one["probability"] for one in way["groups"]], way["groups"]
        axis.plot([0, reach], [0, reach], color=_HUES[0], linewidth=1, linestyle="--")
        axis.vlines(places, [one["low"] for one in groups], [one["high"] for one in groups], color=_INK, linewidth=1.2)
        axis.plot(places, [one["mean"] for one in groups], "o-", color=_ACCENT, markersize=4, linewidth=1.2)
        axis.set_xlim(0, reach)
        axis.set_ylim(0, reach)
        axis.set_xlabel("predicted probability", fontsize=9)
        dress(axis, f"{name}: error {way['error']:.4f}", grid="both")
    axes[0].set_ylabel("share of clicks", fontsize=9)
    figure.suptitle(f"{title} (error: mean over seeds; drawn: the first, 95 % intervals)", fontsize=11, color=_INK)
    save(figure, path)


def plot_bars(groups: Mapping[str, Mapping[str, float]], most: float, title: str, path: Path) -> None:
    """Draw a bar for each case and group, from 0 to `most`, the first group in colour, as PNG.

    A group may lack cases.
    """
    cases = list(dict.fromkeys(case for group in groups.values() for case in group))
    figure = new_figure(7.5, 0.5 * len(cases) + 1.4)
    axis = figure.subplots()
    height = 0.8 / len(groups)
    for number, (name, group) in enumerate(groups.items()):
        places = [cases.index(case) + (number - (len(groups) - 1) / 2) * height for case in group]
        bars = axis.barh(
            places, list(group.values()), height, color=_HUES[number - 1] if number else _ACCENT, label=name
        )
        axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
    axis.set_yticks(range(len(cases)), cases)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.08 * most)
    dress(axis, f"of {most:g} readers", grid="x")
    figure.legend(loc="outside lower center", ncols=len(groups), fontsize=8.5, frameon=False)
    figure.suptitle(title, fontsize=11, color=_INK)
    save(figure, path)
