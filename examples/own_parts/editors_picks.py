"""A candidate source of your own: articles that the editors picked for certain hours.

Copy this file, change the table, and name the function in the newsroom's broadsheet.toml:

    [own.sources.editors_picks]
    call = "editors_picks:editors_picks"
    weight = 1.0

    [own.signals.picked]
    call = "editors_picks:picked"
    weight = 0.5
    reason = "Because our editors picked it."

The source adds the picks to the articles that are ranked for a reader. The signal lifts them in this ranking: without
it, a pick that does not suit the reader otherwise would stand far below.
"""

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

from broadsheet.own_parts import Catalogue, ReaderState

PICKS = Path(__file__).parent / "picks.csv"


def editors_picks(reader: ReaderState, catalogue: Catalogue, as_of: datetime, n: int) -> list[tuple[str, float]]:
    """Return at most n picks of this hour as pairs (news_id, score), the same for every reader.

    `catalogue.row_of` maps the ids of the edition's articles to their rows; other ids must not be returned. Articles
    that the reader has read, hidden or muted are taken out afterwards.
    """
    picks = [(news_id, score) for news_id, score in picks_at(as_of).items() if news_id in catalogue.row_of]
    return sorted(picks, key=lambda pick: pick[1], reverse=True)[:n]


def picked(reader: ReaderState, articles: pa.Table, as_of: datetime) -> list[float]:
    """Return for each article the score of its pick in this hour, 0 for an article without a pick."""
    scores = picks_at(as_of)
    return [scores.get(news_id, 0.0) for news_id in articles["news_id"].to_pylist()]


def picks_at(as_of: datetime) -> dict[str, float]:
    """Return the score of each pick that holds at a time. Training asks for past times: later picks must not hold."""
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
