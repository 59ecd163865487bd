"""One page of HTML about a build: its stages, the last editions, and what the gate measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.pages.templates import environment
from broadsheet.tables.named_files import write_named

LAST = 21
"""How many editions the charts show."""

WIDTH, HEIGHT = 360, 96
"""Width and height of a chart of columns, in units of its view box, which are about the pixels of a telephone."""
_BAR, _LABEL, _VALUE = 26, 72, 62
"""Height of a row of a chart of bars, and the width of what stands to the left and to the right of a bar."""

GATE = (
    ("recall", "Recall@100 of the index, for readers of the edition", "min_recall"),
    ("lost", "Articles of the current edition that are missing", "max_lost"),
    ("shrunk", "Fall of the number of articles", "max_lost"),
    ("fewer_readers", "Fall of the number of readers", "max_fewer"),
    ("fewer_stories", "Fall of the number of stories", "max_fewer"),
    ("fewer_clicks", "Fall of the number of clicks", "max_fewer"),
    ("fewer_clicks_last_day", "Fall of the clicks of the last day", "max_fewer_last_day"),
    ("fewer_readers_last_day", "Fall of the readers of the last day", "max_fewer_last_day"),
    ("centroid_shift", "Shift of the mean article vector, cosine distance", "max_centroid_shift"),
    ("changed_neighbours", "Changed neighbours of unchanged articles", "max_changed_neighbours"),
    ("foreign_vectors", "Articles with another vector than the model gives", ""),
)
"""What the gate measures: the figure, what it says, and the name of its bound, if it has one."""


def write_report(newsroom: Newsroom, path: Path) -> None:
    """Write the page about the newest edition of a newsroom where the user named `path`."""
    manifests = []
    for edition in newsroom.editions()[-LAST:]:
        with suppress(NewsroomError):
            manifest = edition.read_manifest() | {"name": edition.name}
            manifests += [manifest] if "gate" in manifest else []  # not of an earlier version
    text = render(newsroom.path.resolve().name, manifests)
    write_named(path, text)


def render(title: str, manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return the page about the last manifest of at least one, oldest first, each with its edition's `name`."""
    newest = manifests[-1]
    template = environment("broadsheet.operations").get_template("build_report.html")
    return template.render(
        title=title,
        edition=newest,
        built_at=datetime.fromisoformat(newest["built_at"]),
        bars=bars(newest["seconds"]),
        bar={"row": _BAR, "label": _LABEL, "width": WIDTH, "height": _BAR * len(newest["seconds"])},
        charts=[columns(name, manifests, values) for name, values in _series(manifests).items()],
        chart={"width": WIDTH, "height": HEIGHT},
        gate=gate_rows(newest["gate"]),
        editions=list(reversed(manifests)),
    )


def bars(values: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return a bar for each value: its name, its length in view box units, and the value in words."""
    most = max([*values.values(), 1e-9])
    room = WIDTH - _LABEL - _VALUE
    return [
        {"name": name, "length": round(room * value / most, 1), "said": f"{value:,.1f} s"}
        for name, value in values.items()
    ]


def _series(manifests: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    return {
        "Seconds of the build": [one["total_seconds"] for one in manifests],
        "Articles": [one["counts"]["news"] for one in manifests],
        "Articles encoded": [one["stages"]["encode"]["counts"]["encoded"] for one in manifests],
        "Articles expired": [one["counts"]["expired"] for one in manifests],
    }


def columns(
    name: str, manifests: Sequence[Mapping[str, Any]], values: Sequence[float], up_to: float = 0.0
) -> dict[str, Any]:
    """Return a chart with a column for each edition, from zero to at least `up_to`: sizes are in view box units."""
    most = max([*values, up_to, 1e-9])
    step = min(WIDTH / len(values), 40)
    drawn = []
    for place, (manifest, value) in enumerate(zip(manifests, values, strict=True)):
        height = round(HEIGHT * value / most, 1)
        drawn.append(
            {
                "x": round(place * step + step * 0.15, 1),
                "y": round(HEIGHT - height, 1),
                "width": round(step * 0.7, 1),
                "height": height,
                "kept": not manifest["published"],
                "said": f"{manifest['name'][:16]}: {_number(value)}",
            }
        )
    first, last = manifests[0]["name"][:10], manifests[-1]["name"][:10]
    return {"name": name, "most": _number(max(values)), "last": _number(values[-1]), "columns": drawn} | {
        "from": first,
        "to": last if last != first else "",
    }


def gate_rows(gate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the gate measured: each figure with its bound, and whether it is out of bounds."""
    rows = []
    for figure, name, bound in GATE:
        if figure not in gate["figures"]:
            continue
        value, limit = gate["figures"][figure], gate["bounds"][bound] if bound else 0.0
        beyond = value < limit if figure == "recall" else value > limit
        said = f"{'at least' if figure == 'recall' else 'at most'} {limit:g}"
        rows.append({"name": name, "value": f"{value:.4f}", "bound": said, "beyond": beyond})
    return rows


def _number(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
