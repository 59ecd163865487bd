"""The figures of a build as a Prometheus textfile, for the textfile collector of node_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from broadsheet.tables.named_files import write_named

Sample = tuple[str, dict[str, str], float]
"""Name, labels and value."""
HELP = {
    "broadsheet_build_exit_code": "Of the last build: 0 published, 2 failed, 3 kept back, 129 and more: stopped.",
    "broadsheet_build_end_timestamp_seconds": "When the last build ended, well or not.",
    "broadsheet_current_built_timestamp_seconds": "When the edition that readers see was built.",
    "broadsheet_build_seconds": "How long the build of the last complete edition took.",
    "broadsheet_build_stage_seconds": "How long each of its stages took.",
    "broadsheet_build_items": "What each of its stages counted, such as articles encoded.",
    "broadsheet_edition_rows": "What it holds: news, users, and articles expired that it leaves out.",
    "broadsheet_gate": "What the gate measured of it.",
    "broadsheet_gate_reasons": "Bounds that it is beyond.",
}
"""What each metric says."""


def write_metrics(
    path: Path, exit_code: int, current: Mapping[str, Any] | None, built: Mapping[str, Any] | None
) -> None:
    """Write the textfile where the user named `path`.

    `current` is the manifest of the edition that readers see, None if there is no such edition. `built` is the manifest
    of the edition that the build made, None if it made no edition.
    """
    samples: list[Sample] = [
        ("broadsheet_build_exit_code", {}, exit_code),
        ("broadsheet_build_end_timestamp_seconds", {}, datetime.now(UTC).timestamp()),
    ]
    if current is not None:
        samples.append(("broadsheet_current_built_timestamp_seconds", {}, _seconds(current["built_at"])))
    samples += edition_samples(built) if built is not None else []
    write_named(path, generate_latest(_registry(samples)))


def edition_samples(manifest: Mapping[str, Any]) -> list[Sample]:
    """Return the figures of the build of an edition by its manifest, which must have what the gate measured."""
    samples: list[Sample] = [
        ("broadsheet_build_seconds", {}, manifest["total_seconds"]),
        ("broadsheet_gate_reasons", {}, len(manifest["reasons"])),
    ]
    samples += [("broadsheet_build_stage_seconds", {"stage": name}, s) for name, s in manifest["seconds"].items()]
    samples += [
        ("broadsheet_build_items", {"stage": stage, "count": name}, number)
        for stage, done in manifest["stages"].items()
        if stage != "check"
        for name, number in done["counts"].items()
    ]
    samples += [("broadsheet_edition_rows", {"table": name}, count) for name, count in manifest["counts"].items()]
    figures = manifest["gate"]["figures"]
    return samples + [("broadsheet_gate", {"figure": name}, value) for name, value in figures.items()]


def _registry(samples: Iterable[Sample]) -> CollectorRegistry:
    """Return a registry with a gauge for each name, which holds the samples of that name."""
    registry, gauges = CollectorRegistry(), dict[str, Gauge]()
    for name, labels, value in samples:
        if name not in gauges:
            gauges[name] = Gauge(name, HELP[name], list(labels), registry=registry)
        (gauges[name].labels(**labels) if labels else gauges[name]).set(value)
    return registry


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
