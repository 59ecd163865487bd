"""What the reports of experiments of all kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def days_of(document: Mapping[str, Any]) -> list[float]:
    """Return the days from the first look to each look."""
    return [(time - document["times"][0]) / 86_400 for time in document["times"]]


def when(document: Mapping[str, Any]) -> str:
    """Return a sentence on the span of an experiment and of its pages."""
    first, last = (datetime.fromtimestamp(document["times"][place], UTC) for place in (0, -1))
    runs = f"{document['start'] or 'its first page'} to {document['end'] or 'no end'}"
    return f"Set for {runs}; looked at from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC."


def cell(value: Mapping[str, float | None] | None, sign: str = "", *, share: bool = False) -> str:
    """Return a mean with its interval, as a number or as a share in percent; empty if it is not known."""
    if not value or value["mean"] is None:
        return ""
    form = f"{sign}.1%" if share else f"{sign}.4f"
    if value["low"] is None or value["high"] is None:
        return f"{value['mean']:{form}}"
    return f"{value['mean']:{form}} [{value['low']:{form}}, {value['high']:{form}}]"
