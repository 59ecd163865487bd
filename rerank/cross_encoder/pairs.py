"""The texts that the cross-encoder reads: the headlines of the history nearest to a candidate, and the candidate."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.rerank.cross_encoder.pair_tokens import HEADLINE_MARK, Pair


def nearest_history(
    catalogue: Catalogue, history: Sequence[int], candidates: Sequence[int], count: int
) -> npt.NDArray[np.int64]:
    """Return the rows of the history articles most similar to each candidate, (candidates, up to count), best first.

    `history` is oldest first. Of equally similar articles the newer comes first; an article read twice counts once.
    """
    if not history or not candidates:
        return np.zeros((len(candidates), 0), np.int64)
    newest_first = np.array(list(dict.fromkeys(history[::-1])), np.int64)
    similarity = catalogue.vectors_of(candidates) @ catalogue.vectors_of(newest_first).T  # (candidates, history)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
    result: npt.NDArray[np.int64] = newest_first[order]
    return result


def make_pairs(
    catalogue: Catalogue, nearest: npt.NDArray[np.int64], candidates: Sequence[int] | npt.NDArray[np.int64]
) -> list[Pair]:
    """Return a pair for each candidate: its nearest headlines, the nearest first, and the candidate's text.

    `nearest` has the catalogue rows of the headlines (candidates, count); a row below 0 is none.
    """
    rows = np.asarray(candidates, np.int64)
    wanted = np.unique(np.concatenate([nearest[nearest >= 0], rows]))
    titles = dict(zip(wanted.tolist(), catalogue.news.column("title").take(pa.array(wanted)).to_pylist(), strict=True))
    pairs = []
    for row, category, near in zip(rows.tolist(), catalogue.category[rows].tolist(), nearest.tolist(), strict=True):
        headlines = HEADLINE_MARK.join([titles[other] for other in near if other >= 0])
        pairs.append((headlines, candidate_text(titles[row], category)))
    return pairs


def pair_hash(pair: Pair) -> str:
    """Return 16 hex digits that identify the two texts that the cross-encoder reads, and so their score."""
    history, candidate = pair
    return hashlib.sha256(f"{len(history)} {history}{candidate}".encode()).hexdigest()[:16]


def candidate_text(title: str, category: str) -> str:
    """Return the text of a candidate as the cross-encoder reads it, such as "sports: The match is off"."""
    return f"{category}: {title}" if category else title
