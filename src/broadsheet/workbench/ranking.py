"""From readers to their ranked articles: user tower, retriever and re-ranker, for a request, the night and Ray."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.filters import FiltersConfig
from broadsheet.corpus.filters import Selection
from broadsheet.readers.state import ReaderState
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank import PairScorer
    from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores
    from broadsheet.rerank.cross_encoder.model import Score
    from broadsheet.rerank.cross_encoder.remembered import RememberedScores
    from broadsheet.rerank.explored import Explores


MOST_RANKED = 1 << 29
"""Most bytes of a ranked table whose scores a running process takes over."""


class Earlier(Protocol):
    """Scores of the cross-encoder that were made before."""

    def scoring(self, user_ids: Sequence[str], score: Score) -> Score:
        """Return a scorer that takes over scores of some readers' pairs, and asks `score` for the other pairs."""


@dataclass(frozen=True)
class Ranking:
    """The vectors, candidates and rankings of some readers, in the order in which the readers were given."""

    vectors: pa.Table
    "Table user_vectors."
    candidates: pa.Table
    "Table candidates."
    ranked: pa.Table
    "Table ranked."
    timings: dict[str, float]
    "Seconds by stage."
    selection: Selection | None
    "What the filters of the newsroom and of the request said of the articles."


def rank(
    bench: Workbench,
    readers: Sequence[ReaderState],
    as_of: datetime,
    k: int | None = None,
    earlier: Earlier | None = None,
    filters: FiltersConfig | None = None,
    explorer: Explores | None = None,
) -> Ranking:
    """Rank articles for some readers as of a time: at most k, or as many as the config says, best first.

    A score of the cross-encoder is taken over from `earlier` if the cross-encoder would read the same pair of texts.
    `filters` are those of a request, beside the newsroom's own; raises InputError if they name an unknown column.
    An `explorer` draws the first places of each list by its policy.
    """
    timings: dict[str, float] = {}
    selection = bench.select(filters)
    vectors, candidates = retrieve_readers(bench, readers, as_of, k, timings, selection)
    with timed(timings, "rerank"):
        ranked = rerank_readers(bench, readers, candidates, k, earlier, selection, explorer)
    return Ranking(vectors, candidates, ranked, timings, selection)


def retrieve_readers(
    bench: Workbench,
    readers: Sequence[ReaderState],
    as_of: datetime,
    k: int | None = None,
    timings: dict[str, float] | None = None,
    selection: Selection | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return user_vectors and candidates of some readers: the first half of `rank`, which the build runs by itself.

    Without a selection, the newsroom's own filters count.
    """
    timings = {} if timings is None else timings
    selection = bench.selection if selection is None else selection
    with timed(timings, "user tower"):
        vectors = bench.retriever.vectors(readers)
    with timed(timings, "retrieve"):
        return vectors, bench.retriever(readers, vectors, as_of, k=k, selection=selection)


def rerank_readers(
    bench: Workbench,
    readers: Sequence[ReaderState],
    candidates: pa.Table,
    k: int | None = None,
    earlier: Earlier | None = None,
    selection: Selection | None = None,
    explorer: Explores | None = None,
) -> pa.Table:
    """Return table ranked for some readers and their candidates: the second half of `rank`.

    A whole list is ordered, at the depth of the config or at k if k is larger, and then cut to k. So the first ten
    articles are the same whether k is 10 or 20, unless a filter asks for a fewest number of articles on a page. Without
    a selection, the newsroom's own filters count.
    """
    from broadsheet.rerank.policy.filters import PLACES

    depth, scorer = bench.models.config.rerank.depth, bench.models.scorer
    reranker = bench.reranker if (k or 0) <= depth else bench.make_reranker(k or 0)
    if earlier is not None and scorer is not None:
        reranker = reranker.scoring_with(earlier.scoring([reader.user_id for reader in readers], scorer))
    selection = bench.selection if selection is None else selection
    ranked = reranker(readers, candidates, selection, k or PLACES, explorer)
    return ranked if k is None else ranked.filter(pc.less_equal(ranked.column("rank"), k))


def known_scores(scorer: PairScorer | None, ranked: Sequence[Path], arithmetic: str | None = None) -> EarlierScores:
    """Return the scores in earlier ranked tables that the same cross-encoder made in the same arithmetic.

    `arithmetic` names device and dtype; without it, the scorer's own is taken. If two tables have a score for the same
    pair, the score of the last table is taken.
    """
    from broadsheet.rerank.cross_encoder.earlier_scores import open_earlier_scores

    if arithmetic is None:
        arithmetic = scorer.arithmetic if scorer else ""
    model = scorer.fingerprint if scorer else ""
    return open_earlier_scores(ranked if model else (), model=model, arithmetic=arithmetic)


def remembered_scores(bench: Workbench) -> RememberedScores:
    """Return a memory of the cross-encoder's scores for a running process, with those of the edition to begin with.

    The scores of an edition whose ranked table is larger than MOST_RANKED bytes are left out: to look them up by reader
    would take much memory.
    """
    from broadsheet.rerank.cross_encoder.remembered import RememberedScores

    ranked = bench.data.edition.ranked
    is_there = ranked.is_file() and ranked.stat().st_size <= MOST_RANKED
    return RememberedScores(known_scores(bench.models.scorer, [ranked] if is_there else []))


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Store the seconds that the `with` block takes under the name of a stage."""
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started
