"""What the attentive scorer reads of readers and candidates, as padded arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.names import UNKNOWN
from broadsheet.readers.reads import READS
from broadsheet.rerank.attentive_scorer.model import HISTORY, Inputs
from broadsheet.tables.arrays import Flags, Floats, Rows, Vectors

COUNTS = ("age", "popularity", "click_rate", "trend", "co_click")
"""What is read of a candidate as of the request, beside its text; all but the age are signals of the same name."""
Take = Callable[[Rows], Vectors]
"""From rows of the catalogue to the vectors of these articles."""
LEAST = 1e-3
"""Added to a signal of 0 to 1 before its logarithm is taken: much smaller values are not told apart."""


class Request(NamedTuple):
    """What is scored for one reader."""

    history: Sequence[int] | Rows
    "Catalogue rows of what the reader read, the newest first."
    candidates: Sequence[int] | Rows
    "Catalogue rows."
    counts: Floats
    "As `count_columns` gives them, (candidates, counts)."
    reads: Vectors | None = None
    "What is known of the reads of `history`, (articles, READS), NaN where unknown; None if nothing is."


def count_columns(signals: Mapping[str, Floats]) -> Floats:
    """Return the counts of candidates (..., candidates, counts) from their signals (..., candidates), NaN if absent.

    The age is the logarithm of 1 + the age in half-lives, which the signal freshness holds.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        age = np.log1p(-np.log2(np.maximum(signals["freshness"], 1e-30)))
        shares = [np.log(signals[name] + LEAST) for name in ("popularity", "co_click")]
    found = {"age": age, "popularity": shares[0], "co_click": shares[1]}
    columns = [np.asarray(found[name] if name in found else signals[name], np.float64) for name in COUNTS]
    result: Floats = np.stack(columns, -1)
    return np.where(np.isfinite(result), result, np.nan)


def read_columns(reads: Vectors) -> Vectors:
    """Return what the network reads of reads (..., READS): logarithms of 1 + the seconds, and the scroll as it is."""
    return np.concatenate([np.log1p(reads[..., :2]), reads[..., 2:]], -1)


class InputMaker:
    """Makes the network's inputs from requests; articles are rows of a catalogue."""

    def __init__(self, catalogue: Catalogue, take: Take | None = None) -> None:
        """`take` gives the vectors of rows where they are at hand already; else they are taken from the catalogue."""
        self._take, self._categories = take or catalogue.vectors_of, catalogue.names["category"].numbers

    def __call__(self, requests: Sequence[Request]) -> Inputs:
        """Return the inputs of some requests, padded to the longest history and the most candidates."""
        history, read = _padded([np.asarray(one.history[:HISTORY], np.int64) for one in requests])
        shown, given = _padded([np.asarray(one.candidates, np.int64) for one in requests])
        counts = np.full((*shown.shape, len(COUNTS)), np.nan, np.float32)
        counts[given] = np.concatenate([one.counts for one in requests])
        reads = np.full((*history.shape, len(READS)), np.nan, np.float32)
        for place, one in zip(reads, requests, strict=True):
            if one.reads is not None:
                place[: len(one.reads)] = one.reads[: history.shape[1]]
        categories = np.where(read, self._categories[history], UNKNOWN)
        same = (self._categories[shown][:, :, None] == categories[:, None]) & (categories != UNKNOWN)[:, None]
        return Inputs(
            history=self._vectors(history),
            read=torch.from_numpy(read),
            reads=torch.from_numpy(read_columns(reads)),
            same=torch.from_numpy(same.astype(np.float32)),
            candidates=self._vectors(shown),
            counts=torch.from_numpy(counts),
        )

    def _vectors(self, rows: Rows) -> torch.Tensor:
        if len(rows) == 1:  # one reader shares no article with another
            return torch.from_numpy(np.ascontiguousarray(self._take(rows[0])))[None]
        distinct, places = np.unique(rows, return_inverse=True)  # an article is taken from the file once
        vectors = torch.from_numpy(np.ascontiguousarray(self._take(distinct)))
        return vectors[torch.from_numpy(places.reshape(rows.shape))]


def _padded(rows: Sequence[Rows]) -> tuple[Rows, Flags]:
    """Return the rows as one array, filled up with row 0, and where they are given."""
    given: Flags = np.arange(max([1, *map(len, rows)])) < np.array([len(one) for one in rows])[:, None]
    result = np.zeros(given.shape, np.int64)
    result[given] = np.concatenate(rows)
    return result, given
