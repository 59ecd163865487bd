"""The texts that the cross-encoder reads: the headlines of the history nearest to a candidate, and the candidate."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

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


def make_pairs(catalogue: Catalogue, nearest: npt.NDArray[np.int64], candidates: Sequence[int]) -> list[Pair]:
    """Return a pair for each candidate: its nearest headlines, the nearest first, and the candidate's text."""
    wanted = np.unique(np.concatenate([nearest.ravel(), np.asarray(candidates, np.int64)])).tolist()
    texts = {row: _article(catalogue, row) for row in wanted}
    pairs = []
    for row, near in zip(candidates, nearest.tolist(), strict=True):
        headlines = [texts[other]["title"] for other in near]
        pairs.append((HEADLINE_MARK.join(headlines), candidate_text(**texts[row])))
    return pairs


def pair_hash(pair: Pair) -> str:
    """Return 16 hex digits that identify the two texts that the cross-encoder reads, and so their score."""
    history, candidate = pair
    return hashlib.sha256(f"{len(history)} {history}{candidate}".encode()).hexdigest()[:16]


def candidate_text(title: str, category: str) -> str:
    """Return the text of a candidate as the cross-encoder reads it, such as "sports: The match is off"."""
    return f"{category}: {title}" if category else title


def _article(catalogue: Catalogue, row: int) -> dict[str, Any]:
    return {"title": catalogue.news.column("title")[row].as_py(), "category": str(catalogue.category[row])}
