"""What the reports of experiments of all kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
"""Units of time, the longest first, with their seconds."""


def since_first_look(document: Mapping[str, Any]) -> tuple[list[float], str]:
    """Return the time from the first look to each look, and the name of its axis; in a unit that the span holds twice.

    For example, the looks of five hours are in hours. A span of less than two minutes is in minutes.
    """
    times = document["times"]
    span = times[-1] - times[0]
    unit, length = next((found for found in _UNITS if span >= 2 * found[1]), _UNITS[-1])
    return [(time - times[0]) / length for time in times], f"{unit} since the first look"


def when(document: Mapping[str, Any]) -> str:
    """Return a sentence on the span of an experiment and of its pages."""
    first, last = (datetime.fromtimestamp(document["times"][place], UTC) for place in (0, -1))
    start = document["start"] or "its first page on"
    end = f" to {document['end']}" if document["end"] else ", without an end"
    return f"Runs from {start}{end}. Looked at from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC."


def cell(value: Mapping[str, float | None] | None, sign: str = "", *, share: bool = False) -> str:
    """Return a mean with its interval, as a number or as a share in percent; empty if it is not known."""
    if not value or value["mean"] is None:
        return ""
    form = f"{sign}.1%" if share else f"{sign}.4f"
    if value["low"] is None or value["high"] is None:
        return f"{value['mean']:{form}}"
    return f"{value['mean']:{form}} [{value['low']:{form}}, {value['high']:{form}}]"
