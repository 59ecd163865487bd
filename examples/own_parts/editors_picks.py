"""A source of candidates of your own: what the editors picked for the hours in which the reader asks.

Copy this file, change the table, and name the function in the newsroom's broadsheet.toml:

    [own.sources.editors_picks]
    call = "editors_picks:editors_picks"
    weight = 1.0

    [own.signals.picked]
    call = "editors_picks:picked"
    weight = 0.5
    reason = "Because our editors picked it."

The source brings the picks among the articles that are ranked for the reader. The signal lifts them in that ranking:
without it, a pick that suits the reader in no other way ends up far below.
"""

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

from broadsheet.own_parts import Catalogue, ReaderState

PICKS = Path(__file__).parent / "picks.csv"


def editors_picks(reader: ReaderState, catalogue: Catalogue, as_of: datetime, n: int) -> list[tuple[str, float]]:
    """Return at most n pairs (news_id, score) of the picks of this hour, the same for every reader.

    `catalogue.row_of` has the articles of the edition. An article that has left it must not be returned. What the
    reader has read, hidden or muted is taken out afterwards.
    """
    picks = [(news_id, score) for news_id, score in picks_at(as_of).items() if news_id in catalogue.row_of]
    return sorted(picks, key=lambda pick: pick[1], reverse=True)[:n]


def picked(reader: ReaderState, articles: pa.Table, as_of: datetime) -> list[float]:
    """Return the score of each article that is picked in this hour, and 0 for the others."""
    scores = picks_at(as_of)
    return [scores.get(news_id, 0.0) for news_id in articles["news_id"].to_pylist()]


def picks_at(as_of: datetime) -> dict[str, float]:
    """Return the picks that hold at a time. Training asks for times gone by: later picks must not be known then."""
    return {news_id: score for news_id, score, start, end in picks() if start <= as_of < end}


@cache  # the table is read once
def picks() -> list[tuple[str, float, datetime, datetime]]:
    """Return the rows of the table: news_id, score, and the times from which and until which the pick holds."""
    rows = []
    with PICKS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            start, end = datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["until"])
            rows.append((row["news_id"], float(row["score"]), start, end))
    return rows
