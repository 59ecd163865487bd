"""Cold start: how much worse the page of a reader is if only a part of the reader's history is known.

The profile is made from the older half of the history, in the same way as the line on a page that names a reader's
interests. So it is a profile that such a reader could have seen there and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.evaluation.ranking.scores import popularity_scores
from broadsheet.generate.extracts.topics import profile_text
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.offline.replay import SEEDS, Values, blocks, mean_of
from broadsheet.offline.signals import Request, ask_all
from broadsheet.readers.state import ReaderState
from broadsheet.rerank import Reranker
from broadsheet.rerank.signals import present
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.interests import topics_of
from broadsheet.workbench.workbench import Workbench

FULL, HALF, BOTH = "full history", "half of the history", "half and its profile"
PROFILE, NEW, POPULARITY = "profile alone", "nothing", "popularity"
KNOWN = (FULL, HALF, BOTH, PROFILE, NEW)
"""Rows of one reader of whom more or less is known, most first; POPULARITY knows no reader."""
LEAST_READ = 4
"""Different history articles with text that a reader must have, so that half of them can share something."""
RETRIEVED = 100
"""Retrieved articles that are compared with those of the full history."""

NOTES = {
    FULL: "all that the reader had read before the impression",
    HALF: "the older half of the history",
    BOTH: "the older half, and the topics found in it as one more item for the user tower",
    PROFILE: "the topics found in the older half as a profile text, and no history",
    NEW: "neither history nor profile: the pipeline for a new reader",
    POPULARITY: "clicks strictly before the impression alone; ties in random order, mean of three seeds",
}
RANKING = ("auc", "ndcg@10")
TOWER, OVERLAP = "towers", f"overlap@{RETRIEVED}"
DEFINITIONS = {
    **{metric: "what the impression showed, by the re-ranker's fused score" for metric in RANKING},
    **{f"{metric} {TOWER}": "the same by the inner product of the towers alone" for metric in RANKING},
    OVERLAP: f"share of the {RETRIEVED} articles retrieved for the full history that are among those retrieved; "
    "for no row is an article retrieved that the full history holds",
}


@dataclass(frozen=True)
class Start:
    """An impression, and the parts of its reader's history that the rows know."""

    impression: Impression
    half: list[str]
    "The older half of the history, oldest first."
    profile: str
    "The topics found in it; empty if there are none."

    def user(self, row: str) -> dict[str, Any]:
        """Return the reader as a row of the table users, with what a row of the benchmark knows."""
        history = {FULL: self.impression.history, HALF: self.half, BOTH: self.half}.get(row, [])
        profile = self.profile if row in (BOTH, PROFILE) else ""
        name = f"{self.impression.number} {row}"
        return {"user_id": name, "history": history, "profile": profile, "hidden": self.impression.history}


def read_starts(data: EditionData, impressions: Sequence[Impression]) -> list[Start]:
    """Return the impressions of readers with enough of a history; raises CorpusError if there are none."""
    found = []
    for one in impressions:
        read = [news_id for news_id in one.history if news_id in data.catalogue.row_of]
        if len(set(read)) >= LEAST_READ:
            half = read[: len(read) // 2]
            profile = profile_text(topics_of(data.catalogue.news, data.catalogue.rows(half)))
            found.append(Start(one, half, profile))
    if not found:
        raise CorpusError(
            f"no reader has {LEAST_READ} history articles with text and an impression with a click and another "
            "article. Import news for it, or name another split."
        )
    return found


def measure_starts(bench: Workbench, starts: Sequence[Start]) -> dict[str, Values]:
    """Return of each row the metrics of DEFINITIONS, a value for each impression; `popularity` has only RANKING."""
    parts: dict[str, list[tuple[Floats, Floats, float]]] = {row: [] for row in KNOWN}
    by_number = {start.impression.number: start for start in starts}
    for block in blocks([start.impression for start in starts], "Scoring with less known"):
        for row, measured in _measure_block(bench, [by_number[one.number] for one in block]):
            parts[row].append(measured)
    impressions = [start.impression for start in starts]
    rows: dict[str, Values] = {}
    for row, found in parts.items():
        scores, tower, overlap = zip(*found, strict=True)
        towers = _ranking(np.concatenate(tower), impressions)
        rows[row] = _ranking(np.concatenate(scores), impressions)
        rows[row] |= {f"{name} {TOWER}": values for name, values in towers.items()} | {OVERLAP: np.array(overlap)}
    clicks = popularity_scores(bench.data, impressions)
    ties = [clicks + np.random.default_rng(seed).random(len(clicks)) for seed in SEEDS]
    return rows | {POPULARITY: mean_of([_ranking(scores, impressions) for scores in ties])}


def _measure_block(bench: Workbench, block: Sequence[Start]) -> Iterator[tuple[str, tuple[Floats, Floats, float]]]:
    """Yield of each impression and row the fused scores and the towers' of what was shown, and the overlap."""
    requests: list[Request] = []
    overlaps: list[float] = []
    everyone = bench.readers(from_rows([start.user(row) for start in block for row in KNOWN], USERS))
    vectors, size = bench.retriever.vectors(everyone), len(KNOWN)
    several = len(vectors) // len(everyone)  # interests of a reader
    for place, start in enumerate(block):  # all rows of one impression together: they share its moment
        readers, theirs = (
            everyone[place * size : (place + 1) * size],
            vectors.slice(place * size * several, size * several),
        )
        requests += _describe(bench, start.impression, readers, theirs)
        overlaps += _overlaps(bench, start.impression, readers, theirs)
    scored = ask_all(bench, requests, Reranker.scores)
    for number, ((_, candidates), scores) in enumerate(zip(requests, scored, strict=True)):
        tower = present(np.asarray(candidates.column("two_tower").to_numpy(), np.float64))
        yield KNOWN[number % size], (scores, tower, overlaps[number])


def _describe(
    bench: Workbench, impression: Impression, readers: Sequence[ReaderState], vectors: pa.Table
) -> list[Request]:
    """Return what the impression showed as candidates of each row."""
    return [
        (reader, bench.retriever.describe(reader, interests, impression.shown, impression.time))
        for reader, interests in zip(readers, interest_vectors(vectors), strict=True)
    ]


def _overlaps(
    bench: Workbench, impression: Impression, readers: Sequence[ReaderState], vectors: pa.Table
) -> list[float]:
    """Return of each row the share of what is retrieved for the first, the full history, that it retrieves too."""
    candidates = bench.retriever(readers, vectors, impression.time, k=RETRIEVED)
    best = candidates.filter(pc.less_equal(candidates.column("rank"), RETRIEVED)).select(["user_id", "news_id"])
    lists: dict[str, set[str]] = {reader.user_id: set() for reader in readers}
    for user_id, news_id in zip(*(column.to_pylist() for column in best.columns), strict=True):
        lists[user_id].add(news_id)
    full = next(iter(lists.values()))
    return [len(found & full) / len(full) if full else np.nan for found in lists.values()]


def _ranking(scores: Floats, impressions: Sequence[Impression]) -> Values:
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    found = ranking_metrics(Impressions(scores, clicked, offsets))
    return {metric: found[metric] for metric in RANKING}
