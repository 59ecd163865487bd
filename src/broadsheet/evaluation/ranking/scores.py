"""How single rows rank what impressions show: towers, words, clicks, and the pipeline with and without a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.retrieval.lists import Bm25
from broadsheet.offline.replay import ClicksBefore, blocks, readers_as_of
from broadsheet.offline.signals import WHOLE, impression_signals
from broadsheet.rerank.own import ask_reranker
from broadsheet.rerank.signals import fuse, present
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

CROSS_ENCODER, WITHOUT, PIPELINE = "cross-encoder alone", "pipeline without the cross-encoder", "pipeline"


Signals = Mapping[str, Floats]


def whole_and_ranked(bench: Workbench, impressions: Sequence[Impression]) -> Iterator[tuple[Signals, Signals]]:
    """Yield the signals of each impression twice: the cross-encoder reads all that was shown, and as in a ranking."""
    ranked = impression_signals(bench, impressions)
    if bench.models.cross_encoder is None:
        yield from ((signals, signals) for signals in ranked)
    else:  # through the same blocks in turn, so that the second takes scores that the cross-encoder still keeps
        yield from zip(impression_signals(bench, impressions, reads=WHOLE), ranked, strict=True)


def pipeline_scores(
    bench: Workbench, impressions: Sequence[Impression], found: Sequence[tuple[Signals, Signals]] | None = None
) -> dict[str, Floats]:
    """Return scores by the cross-encoder, and by the pipeline without it and with it, laid end to end (shown,).

    `found` are the signals of `whole_and_ranked` where they are computed already. By itself the cross-encoder reads all
    that was shown; for the pipeline it reads as many candidates as in a ranking.

    Where a signal is absent, as for a reader without a history, it is 0 for all, so that they tie. Without a trained
    cross-encoder it has no entry.
    """
    weights = bench.models.signal_weights
    parts: dict[str, list[Floats]] = {CROSS_ENCODER: [], WITHOUT: [], PIPELINE: []}
    pairs = whole_and_ranked(bench, impressions) if found is None else found
    for impression, (whole, signals) in zip(impressions, pairs, strict=True):
        parts[CROSS_ENCODER].append(present(whole["relevance"]))
        parts[WITHOUT].append(fuse(signals, weights | {"relevance": 0.0}))
        parts[PIPELINE].append(_pipeline(bench, impression, signals))
    if bench.models.cross_encoder is None:
        del parts[CROSS_ENCODER], parts[WITHOUT]
    return {name: np.concatenate(part) if part else np.zeros(0) for name, part in parts.items()}


def _pipeline(bench: Workbench, impression: Impression, signals: Mapping[str, Floats]) -> Floats:
    """Return the scores of what one impression shows, by the weights or by the site's own re-ranker."""
    rerank, catalogue = bench.models.own.reranker, bench.data.catalogue
    if rerank is None:
        return fuse(signals, bench.models.signal_weights)
    (reader,) = readers_as_of(bench.data, [impression])
    return ask_reranker(rerank, reader, catalogue, catalogue.rows(impression.shown), signals)


def tower_scores(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the source `two_tower` of what was shown, the inner product of the towers, laid end to end (shown,).

    For a reader without a history all are 0, so that they tie.
    """
    parts = [np.zeros(0)]
    for block in blocks(impressions, "Scoring with the towers"):
        interests = interest_vectors(bench.retriever.vectors(readers_as_of(bench.data, block)))
        for impression, vectors in zip(block, interests, strict=True):
            products = bench.data.catalogue.vectors_of(impression.shown_rows) @ vectors.T
            parts.append(products.max(axis=1).astype(np.float64))  # over the reader's interests, as `two_tower` does
    return np.concatenate(parts)


def word_scores(words: Bm25, impressions: Sequence[Impression]) -> Floats:
    """Return how well the words of the shown articles match the history, by BM25, laid end to end (shown,).

    -inf where no word is shared, so that such articles tie.
    """
    parts = [np.zeros(0)]
    for block in blocks(impressions, "Matching words"):
        for impression, scores in zip(block, words(block), strict=True):
            parts.append(scores[impression.shown_rows])
    return np.concatenate(parts)


def popularity_scores(data: EditionData, impressions: Sequence[Impression]) -> Floats:
    """Return the clicks before each impression on what it shows, laid end to end."""
    clicks_before = ClicksBefore(data.clicks, len(data.catalogue))
    counts = [clicks_before(impression.time)[impression.shown_rows] for impression in impressions]
    return np.concatenate(counts).astype(np.float64) if counts else np.zeros(0)
