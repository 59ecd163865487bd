"""The moment that counts as now for a newsroom: the clock, or the last article of an archive."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, NEWS


def read_clock(clock: str, news: Path, clicks: Path) -> datetime:
    """Return what counts as now: the present time, or for an archive one second after its latest article or click."""
    now = datetime.now(UTC)
    if clock == "now":
        return now
    latest = [pc.max(read_table(news, NEWS).column("published_at")).as_py()]
    if clicks.is_file():
        latest.append(pc.max(read_table(clicks, CLICKS).column("time")).as_py())
    known = [moment for moment in latest if moment is not None]
    return min(max(known) + timedelta(seconds=1), now) if known else now
