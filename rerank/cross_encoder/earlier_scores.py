"""Scores of earlier nights: what the cross-encoder has read once, it need not read again.

The key of a score is all that it depends on. What was read is `pair_hash`: the headlines chosen from the history, in
their order, and the candidate's text and category. So another history, another title, other settings or another news
tower show wherever they made the cross-encoder read something else, and nowhere else. What read it is in the stamps of
the table: base model, adapter and number of tokens in `model`, device and dtype in `arithmetic`.

To make the pairs of last night again, from last night's histories, was the alternative. But of headlines that are
equally near another can come first, and then a score is taken over that no such pair ever got.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.rerank.cross_encoder.pairs import pair_hash
from broadsheet.tables.arrow_files import read_table, why_refused
from broadsheet.tables.schemas import RANKED

COLUMNS = ["user_id", "news_id", "pair_hash", "relevance"]
REASONS = {
    "new_readers": "of new readers",
    "new_articles": "of articles new to their reader",
    "changed": "of another history or text",
}
"""Why a score is made though there are earlier ones, by its name in the counts."""
OTHER = {"model": "another cross-encoder", "arithmetic": "another device or dtype"}
"""Why a table is no source, by its stamp."""


class KnownScores:
    """The scores of some ranked tables, which stay on disk: in memory is in which record batch each reader is."""

    def __init__(
        self, tables: Mapping[str, pa.Table], refused: Sequence[str] = (), stamp: Mapping[str, str] | None = None
    ) -> None:
        """Take tables by edition, made by the cross-encoder of now, the last counts most; and why others are none."""
        self._names, self._refused = sorted(tables), refused
        self.stamp = dict(stamp or {})
        "What makes scores now, and made these: `model` and `arithmetic`."
        self._batches = [batch for table in tables.values() for batch in table.select(COLUMNS).to_batches()]
        self._places: dict[str, list[int]] = defaultdict(list)
        for number, batch in enumerate(self._batches):
            for user_id in pc.unique(batch.column("user_id")).to_pylist():
                self._places[user_id].append(number)

    def of(self, user_ids: Sequence[str]) -> dict[str, np.float32]:
        """Return the scores that some readers' articles have, by `pair_hash`."""
        return _scores(self._rows(user_ids))

    def count(self, ranked: pa.Table | pa.RecordBatch) -> dict[str, int]:
        """Return how many scores of a ranking are known (`reused`), how many are not (`scored`), and why not."""
        earlier = self._rows(pc.unique(ranked["user_id"]).to_pylist())
        known = _scores(earlier)
        articles = set(zip(earlier["user_id"].to_pylist(), earlier["news_id"].to_pylist(), strict=True))
        counts = dict.fromkeys(("scored", "reused", *REASONS), 0)
        for user_id, news_id, key in zip(*(ranked[name].to_pylist() for name in COLUMNS[:3]), strict=True):
            if key is not None:
                counts["reused" if key in known else "scored"] += 1
            if key is not None and key not in known:
                new = "new_articles" if user_id in self._places else "new_readers"
                counts["changed" if (user_id, news_id) in articles else new] += 1
        return counts

    def describe(self, counts: Mapping[str, int]) -> str:
        """Return what `count` counted as words; nothing if nothing was read."""
        if not counts["scored"] + counts["reused"]:
            return ""
        if self._names:
            whence = f" from {' and '.join(self._names)}" if counts["reused"] else ""
            why = ", ".join(f"{counts[name]} {words}" for name, words in REASONS.items() if counts[name])
        else:
            whence, why = "", f"all again: {', '.join(self._refused)}" if self._refused else "nothing to take over"
        made = f"; {counts['scored']} scores of the cross-encoder made, {counts['reused']} taken over"
        return f"{made}{whence}: {why or 'nothing changed'}"

    def _rows(self, user_ids: Sequence[str]) -> pa.Table:
        """Return the rows of some readers, the last table's at the end."""
        wanted = pa.array(user_ids, pa.string())
        numbers = sorted({number for user_id in user_ids for number in self._places.get(user_id, ())})
        batches = (self._batches[number] for number in numbers)
        found = [batch.filter(pc.is_in(batch.column("user_id"), value_set=wanted)) for batch in batches]
        return pa.Table.from_batches(found, pa.schema([RANKED.field(name) for name in COLUMNS]))


def _scores(rows: pa.Table) -> dict[str, np.float32]:
    rows = rows.filter(pc.and_(pc.is_valid(rows["pair_hash"]), pc.is_valid(rows["relevance"])))
    return dict(zip(rows["pair_hash"].to_pylist(), np.asarray(rows["relevance"], np.float32), strict=True))


def open_known_scores(paths: Sequence[Path], **stamp: str) -> KnownScores:
    """Open the ranked tables whose stamps `model` and `arithmetic` are these; say why others are no source."""
    tables, refused = {}, []
    for path in paths:
        try:
            tables[path.parent.name] = read_table(path, RANKED, **stamp)
        except ContractError:
            refused.append(why_refused(path, RANKED, stamp, OTHER))
    return KnownScores(tables, list(dict.fromkeys(refused)), stamp)


def score_with(known: Mapping[str, np.float32], score: Score) -> Score:
    """Return a scorer that takes known scores over, by `pair_hash`, and asks `score` for the others."""

    def scored(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        keys = [pair_hash(pair) for pair in pairs]
        new = [place for place, key in enumerate(keys) if key not in known]
        scores = np.array([known.get(key, 0.0) for key in keys], np.float32)
        if new:
            scores[new] = score([pairs[place] for place in new])
        return scores

    return scored
