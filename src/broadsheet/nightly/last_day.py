"""Whether the clicks of the last day collapsed, against the days before the current edition."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from broadsheet.corpus.click_days import read_click_days
from broadsheet.newsroom import Edition

DAYS = 7
"""Days that the last day is compared with: a whole week, since weekends are quieter."""
ENOUGH = 20
"""Readers who clicked on the quietest of these days, from which a fall is measured: fewer vary too much."""


def last_day_counts(clicks: Path, as_of: datetime) -> dict[str, int]:
    """Return the clicks of the last 24 hours before `as_of`, and the readers who clicked in them, for the manifest."""
    found = read_click_days(clicks, as_of, 1)
    return {"clicks": int(found.clicks[0]), "readers": int(found.readers[0])}


def last_day_fall(clicks: Path, as_of: datetime, clock: str, current: Edition) -> tuple[dict[str, float], str]:
    """Return by which share clicks and readers of the last day fell, and a clause if clicks stopped, else empty.

    The last day is compared with the quietest of the days before the current edition, as that edition counted them. So
    after an edition was kept back the next edition is held against the same days.

    There are no figures if a day before the current edition had fewer than ENOUGH readers; and neither figures nor a
    clause for an archive, whose clock stands at its last click, nor if such a day had no click.
    """
    manifest = current.read_manifest()
    if {clock, manifest.get("config", {}).get("clock")} != {"now"}:
        return {}, ""
    before = read_click_days(current.clicks, datetime.fromisoformat(manifest["as_of"]), DAYS)
    now = read_click_days(clicks, as_of, 1)
    if not before.clicks.min():
        return {}, ""
    stopped = (
        f"no click came in the 24 hours before {as_of:%Y-%m-%d %H:%M} UTC, though clicks came on each of the {DAYS} "
        "days before the current edition: look whether clicks are still imported or logged"
    )
    silence = "" if now.clicks[0] else stopped
    if before.readers.min() < ENOUGH:
        return {}, silence
    return {
        "fewer_clicks_last_day": _fall(int(before.clicks.min()), int(now.clicks[0])),
        "fewer_readers_last_day": _fall(int(before.readers.min()), int(now.readers[0])),
    }, silence


def _fall(before: int, now: int) -> float:
    return max(0.0, 1 - now / before)
