"""The figures of a build as a Prometheus textfile, for the textfile collector of node_exporter.

The text format is a few lines, so it is written here rather than by a client library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.tables.files import replacing

Sample = tuple[str, dict[str, str], float]
"""Name, labels and value."""

_HELP = {
    "broadsheet_build_exit_code": "Of the last build: 0 published, 2 failed, 3 kept back.",
    "broadsheet_build_end_timestamp_seconds": "When the last build ended, well or not.",
    "broadsheet_current_built_timestamp_seconds": "When the edition that readers see was built.",
    "broadsheet_build_seconds": "How long the build of the last complete edition took.",
    "broadsheet_build_stage_seconds": "How long each of its stages took.",
    "broadsheet_build_count": "What each of its stages counted, such as articles encoded.",
    "broadsheet_edition_rows": "What it holds: news, users, and articles expired that it leaves out.",
    "broadsheet_gate": "What the gate measured of it.",
    "broadsheet_gate_reasons": "Bounds that it is beyond.",
}


def write_metrics(
    path: Path, exit_code: int, current: Mapping[str, Any] | None, built: Mapping[str, Any] | None
) -> None:
    """Write the textfile, whole or not at all.

    `current` is the manifest of the edition that readers see, `built` that of the edition which the build made; None
    for none.
    """
    samples: list[Sample] = [
        ("broadsheet_build_exit_code", {}, exit_code),
        ("broadsheet_build_end_timestamp_seconds", {}, datetime.now(UTC).timestamp()),
    ]
    if current is not None:
        samples.append(("broadsheet_current_built_timestamp_seconds", {}, _seconds(current["built_at"])))
    samples += _of_edition(built) if built is not None else []
    with replacing(path) as part:
        part.write_text("".join(_lines(samples)), "utf-8")


def _of_edition(manifest: Mapping[str, Any]) -> list[Sample]:
    samples: list[Sample] = [
        ("broadsheet_build_seconds", {}, manifest["total_seconds"]),
        ("broadsheet_gate_reasons", {}, len(manifest["reasons"])),
    ]
    samples += [("broadsheet_build_stage_seconds", {"stage": name}, s) for name, s in manifest["seconds"].items()]
    samples += [
        ("broadsheet_build_count", {"stage": stage, "count": name}, number)
        for stage, done in manifest["stages"].items()
        if stage != "check"
        for name, number in done["counts"].items()
    ]
    samples += [("broadsheet_edition_rows", {"table": name}, count) for name, count in manifest["counts"].items()]
    figures = manifest["gate"]["figures"]
    return samples + [("broadsheet_gate", {"figure": name}, value) for name, value in figures.items()]


def _lines(samples: Iterable[Sample]) -> Iterable[str]:
    by_name: dict[str, list[str]] = {}
    for name, labels, value in samples:
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        by_name.setdefault(name, []).append(f"{name}{{{pairs}}} {value}\n" if pairs else f"{name} {value}\n")
    for name, lines in by_name.items():
        yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n"
        yield from lines


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
