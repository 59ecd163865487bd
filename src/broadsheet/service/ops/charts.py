"""Plots as numbers of SVG elements: no plot needs a style attribute, which the content security policy forbids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadsheet.operations.build_report import GATE, HEIGHT, WIDTH, columns
from broadsheet.service.monitoring.of_events import EVERY

SPARK_HEIGHT = 64
ROW = 26
"""Height of a row of a chart of intervals."""


@dataclass(frozen=True)
class Spark:
    """A line of the last hour."""

    points: str
    "Points of a polyline in the view box WIDTH x SPARK_HEIGHT; empty before there are two values."
    said: str
    "What the line shows, in words."


def spark(rates: Sequence[float]) -> Spark:
    """Return the line of the events a second of the last hour, oldest first."""
    if len(rates) < 2:
        return Spark("", "Events a second: a line is drawn once the service has run for half a minute.")
    most = max(rates)
    step, scale = WIDTH / (len(rates) - 1), (SPARK_HEIGHT - 4) / max(most, 1e-9)
    points = " ".join(f"{place * step:.1f},{SPARK_HEIGHT - 2 - rate * scale:.1f}" for place, rate in enumerate(rates))
    minutes = max(round(len(rates) * EVERY / 60), 1)
    said = (
        f"Events a second in the last {'minute' if minutes == 1 else f'{minutes} minutes'}: {rates[-1]:.1f} now, "
        f"{most:.1f} at most, {sum(rates) / len(rates):.1f} on average."
    )
    return Spark(points, said)


def drift(manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a chart for each figure of the gate over editions, oldest first, with its bound.

    Recall is drawn as what is missing from 1, since a fall from 0.99 to 0.97 could not be seen.
    """
    charts = []
    for figure, name, bound in GATE:
        having = [one for one in manifests if figure in one["gate"]["figures"]]
        if not having:
            continue
        values = [float(one["gate"]["figures"][figure]) for one in having]
        limit = float(having[-1]["gate"]["bounds"][bound]) if bound else None
        if figure == "recall":
            name, values = "Recall@100 that is missing", [max(1 - value, 0.0) for value in values]
            limit = None if limit is None else 1 - limit
        charts.append(_with_bound(name, having, values, limit))
    return charts


def _with_bound(
    name: str, manifests: Sequence[Mapping[str, Any]], values: Sequence[float], limit: float | None
) -> dict[str, Any]:
    chart = columns(name, manifests, values, limit or 0.0)
    for column, manifest, value in zip(chart["columns"], manifests, values, strict=True):
        column["said"] = f"{manifest['name'][:16]}: {value:.4g}"
    top = max([*values, limit or 0.0, 1e-9])
    bound = "" if limit is None else f" The bound is {limit:.4g}."
    of = "the last edition" if len(values) == 1 else f"the last {len(values)} editions"
    said = f"{name} of {of}: {values[-1]:.4g} in the newest, {max(values):.4g} at most.{bound}"
    return chart | {
        "last": f"{values[-1]:.4g}",
        "bound_y": None if limit is None else round(HEIGHT * (1 - limit / top), 1),
        "bound": "" if limit is None else f"{limit:.4g}",
        "is_beyond": limit is not None and values[-1] > limit,
        "said": said,
    }


def intervals(rows: Sequence[tuple[str, Mapping[str, float | None]]]) -> dict[str, Any] | None:
    """Return a chart of differences from zero with their intervals; None if no interval is known.

    Each row has a name, and numbers `mean`, `low` and `high`, which are None where they are not known.
    """
    known = [(name, found) for name, found in rows if None not in (found["mean"], found["low"], found["high"])]
    if not known:
        return None
    reach = max([abs(float(found[end] or 0)) for _, found in known for end in ("low", "high")] + [1e-9])

    def x(value: float | None) -> float:
        return round(WIDTH / 2 + (value or 0) / reach * (WIDTH / 2 - 6), 1)

    drawn = [
        {
            "name": name,
            "low": x(found["low"]),
            "mean": x(found["mean"]),
            "high": x(found["high"]),
            "y": place * ROW + 20,
        }
        for place, (name, found) in enumerate(known)
    ]
    said = "; ".join(
        f"{name}: {found['mean']:+.2%}, between {found['low']:+.2%} and {found['high']:+.2%}" for name, found in known
    )
    return {"rows": drawn, "height": ROW * len(drawn) + 8, "zero": WIDTH / 2, "said": said}
