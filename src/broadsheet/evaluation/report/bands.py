"""Plots of values along the time, each with the band of its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.plots import dress, new_figure, save, styles_of

Band = Sequence[Mapping[str, float | None]]
"""mean, low and high at each place along the axis; None where a number is not known."""


def plot_bands(
    rows: Mapping[str, Band], along: Sequence[float], title: str, path: Path, *, x: str, y: str, log: bool = False
) -> None:
    """Draw a line with its band for each row, and a rule at 0, as PNG; the last row is in colour.

    `along` are the places of all rows, which `x` names; `y` names the values.
    """
    figure = new_figure(8.2, 4.4)
    axis = figure.subplots()
    styles = styles_of(list(rows))
    for row, values in rows.items():
        colour, dashes = styles[row]
        low, mean, high = (_column(values, key) for key in ("low", "mean", "high"))
        axis.fill_between(along, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.plot(along, mean, color=colour, linestyle=dashes, linewidth=1.7, label=row)
    axis.axhline(0, color="black", linewidth=0.7)
    if log:
        axis.set_xscale("log")
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    dress(axis, title, grid="both")
    axis.legend(fontsize=8.5, frameon=False)
    save(figure, path)


def _column(values: Band, key: str) -> Any:  # noqa: ANN401
    found = [one[key] for one in values]
    return np.array([np.nan if value is None else value for value in found])
