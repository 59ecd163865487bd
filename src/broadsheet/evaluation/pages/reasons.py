"""Whether the history article that a reason names matters: how far an item's score falls without it.

It is the deletion test of explanations, there called comprehensiveness (DeYoung et al. 2020, section 4.2). Each article
of a history is deleted in turn, so that beside the one named stand all others, and not a few drawn by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.evaluation.ranking.fusion import FUSION
from broadsheet.offline.replay import Values
from broadsheet.progress import track
from broadsheet.rerank.cross_encoder.pairs import nearest_history
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS
from broadsheet.workbench.workbench import Workbench

PLACES = 5
"""First places of a list whose reasons are tested."""
WEIGHTS = "weights"
"""The score fused by the newsroom's weights; FUSION is that of its learned fusion."""
MOST, ANOTHER, SECOND, NAMED = "the most telling", "another", "the second nearest", "the one named"
NOTES = {
    MOST: "the article without which the score falls most, or changes most: the best that a reason could name",
    ANOTHER: "the mean over all other articles read: what one drawn at random would do",
    SECOND: "the other article that is most like the item, which the cross-encoder reads as well if it reads two",
    NAMED: "the history article in the item's reason",
}
"""The rows: the article of the history that is deleted."""
DROP, CHANGE = "drop", "change"
DEFINITIONS = {
    DROP: "fused score of the item with the whole history less that without the article, neither scaled to the list "
    "nor arranged; mean over a reader's items",
    CHANGE: "its absolute value, likewise",
}


@dataclass(frozen=True)
class Deletions:
    """One item of a reader's list, and its score without each article of the history."""

    reader: int
    "Place of the reader among those measured."
    news_id: str
    named: str
    "The history article in its reason."
    second: str
    "The other one that is most like the item."
    drops: dict[str, float]
    "For each article read, the fused score with it less the score without."
    spread: float
    "Standard deviation of the scores of all that the reader is shown, to hold the drops against."


def draw_readers(bench: Workbench, impressions: Sequence[Impression], count: int, seed: int = 0) -> list[Impression]:
    """Return the first impression of `count` readers with at least two articles to read, or of all that there are.

    Raises CorpusError if there are none.
    """
    firsts = {one.user_id: one for one in reversed(impressions)}
    able = [firsts[user_id] for user_id in sorted(firsts) if len(articles_read(bench, firsts[user_id])) > 1]
    if not able:
        raise CorpusError(
            "no reader has two history articles with text, and one cannot be deleted from less. Import news for them."
        )
    chosen = np.random.default_rng(seed).permutation(len(able))[:count]
    return [able[place] for place in sorted(chosen.tolist())]


def articles_read(bench: Workbench, impression: Impression) -> list[str]:
    """Return the articles of the history that the re-ranker reads, each once, oldest first."""
    known = [news_id for news_id in impression.history if news_id in bench.data.catalogue.row_of]
    return list(dict.fromkeys(known[-bench.models.config.retrieval.history :]))


def scorings(bench: Workbench) -> list[str]:
    """Return the ways of scoring that a newsroom has: by the weights, and by its learned fusion if there is one."""
    return [WEIGHTS, FUSION] if bench.models.fusion else [WEIGHTS]


def delete_each(bench: Workbench, impressions: Sequence[Impression], scoring: str = FUSION) -> list[Deletions]:
    """Return the items of the first places whose reason names a history article, with all deletions.

    With the scoring FUSION, a newsroom without a learned fusion scores by the weights. Each impression is of another
    reader. Raises CorpusError if no reason names an article.
    """
    readers = enumerate(track(impressions, "Deleting", total=len(impressions)))
    found = [one for reader, impression in readers for one in _delete(bench, reader, impression, scoring)]
    if not found:
        raise CorpusError(
            f"no reason among the first {PLACES} places of {len(impressions)} readers names an article of the history. "
            "Give the signals that read the history, relevance or two_tower, a weight above 0 under [rerank.weights]."
        )
    return found


def _delete(bench: Workbench, reader: int, impression: Impression, scoring: str) -> Iterator[Deletions]:
    read = articles_read(bench, impression)
    without = [[news_id for news_id in impression.history if news_id != deleted] for deleted in read]
    users = from_rows([{**impression.user, "history": history} for history in (impression.history, *without)], USERS)
    readers = bench.readers(users)
    interests = interest_vectors(bench.retriever.vectors(readers))
    reranker = bench.make_reranker(len(impression.shown), learned=scoring == FUSION)

    def offer(place: int, news_ids: Sequence[str]) -> pa.Table:
        return bench.retriever.describe(readers[place], interests[place], news_ids, impression.time)

    ranked = reranker(readers[:1], offer(0, impression.shown)).to_pylist()
    items = [row for row in ranked[:PLACES] if row["because_news_id"] is not None]
    if not items:
        return
    ids, spread = [row["news_id"] for row in items], float(np.std([row["fused"] for row in ranked]))
    scores = np.stack(reranker.scores(readers, [offer(place, ids) for place in range(len(readers))]))
    drops = scores[0] - scores[1:]  # (articles read, items)
    for row, column in zip(items, drops.T, strict=True):
        named = row["because_news_id"]
        second = _nearest(bench, row["news_id"], [one for one in read if one != named])
        yield Deletions(reader, row["news_id"], named, second, dict(zip(read, column.tolist(), strict=True)), spread)


def _nearest(bench: Workbench, news_id: str, read: Sequence[str]) -> str:
    catalogue = bench.data.catalogue
    rows = nearest_history(catalogue, catalogue.rows(read), catalogue.rows([news_id]), 1)
    return str(catalogue.ids(rows[0])[0].as_py())


def by_reader(deletions: Sequence[Deletions]) -> tuple[list[int], dict[str, Values]]:
    """Return the readers with an item, rising, and each row's metrics, a value for each of them."""
    readers = sorted({one.reader for one in deletions})
    rows = [_rows(one) for one in deletions]
    places = np.array([readers.index(one.reader) for one in deletions], np.int64)
    counts = np.bincount(places, minlength=len(readers))
    return readers, {
        row: {
            metric: np.bincount(places, [one[row][number] for one in rows], minlength=len(readers)) / counts
            for number, metric in enumerate(DEFINITIONS)
        }
        for row in NOTES
    }


def _rows(deletions: Deletions) -> dict[str, tuple[float, float]]:
    """Return drop and change of one item by each row of NOTES."""
    every = np.array(list(deletions.drops.values()))
    others: Floats = np.array([value for name, value in deletions.drops.items() if name != deletions.named])
    named, second = deletions.drops[deletions.named], deletions.drops[deletions.second]
    return {
        MOST: (float(every.max()), float(np.abs(every).max())),
        ANOTHER: (float(others.mean()), float(np.abs(others).mean())),
        SECOND: (second, abs(second)),
        NAMED: (named, abs(named)),
    }
