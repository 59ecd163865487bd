"""Scores of earlier nights, taken over so that the cross-encoder reads each pair of texts only once.

A score is found by everything that it depends on. `pair_hash` stands for the text that was read: the headlines chosen
from the history, in their order, and the candidate's title and category. A new history, title, setting or news tower
changes the hash only if the cross-encoder would then read another text. The stamps of the table say which cross-encoder
read it: base model, adapter and number of tokens in `model`, device and dtype in `arithmetic`.

The alternative was to make the pairs of last night again, from last night's histories. That could reuse a wrong score:
where two headlines are equally near, their order may differ from last night's, so the pair is another one.
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
"""Why a score is made although there are earlier scores, by its name in the counts."""
OTHER = {"model": "another cross-encoder", "arithmetic": "another device or dtype"}
"""Why scores of a table cannot be taken over, by the stamp that differs."""


class EarlierScores:
    """The scores of some ranked tables, which stay on disk; memory holds only the record batches of each reader."""

    def __init__(
        self, tables: Mapping[str, pa.Table], refused: Sequence[str] = (), stamp: Mapping[str, str] | None = None
    ) -> None:
        """Take tables by edition, and why other tables were refused. The last table that has a pair gives its score."""
        self._names, self._refused = sorted(tables), refused
        self.stamp = dict(stamp or {})
        "The stamps of the tables, and of the scorer that makes scores now: `model` and `arithmetic`."
        self._batches = [batch for table in tables.values() for batch in table.select(COLUMNS).to_batches()]
        self._places: dict[str, list[int]] = defaultdict(list)
        for number, batch in enumerate(self._batches):
            for user_id in pc.unique(batch.column("user_id")).to_pylist():
                self._places[user_id].append(number)

    def of(self, user_ids: Sequence[str]) -> dict[str, np.float32]:
        """Return the scores of some readers' pairs, by `pair_hash`."""
        return _scores(self._rows(user_ids))

    def scoring(self, user_ids: Sequence[str], score: Score) -> Score:
        """Return a scorer that takes over the scores of some readers' pairs, and asks `score` for the other pairs."""
        known = self.of(user_ids)
        return score_with(known, score) if known else score

    def count(self, ranked: pa.Table | pa.RecordBatch) -> dict[str, int]:
        """Return how many scores of a ranking are taken over (`reused`) and made (`scored`), and why they are made."""
        rows = self._rows(pc.unique(ranked["user_id"]).to_pylist())
        scores = _scores(rows)
        articles = set(zip(rows["user_id"].to_pylist(), rows["news_id"].to_pylist(), strict=True))
        counts = dict.fromkeys(("scored", "reused", *REASONS), 0)
        for user_id, news_id, key in zip(*(ranked[name].to_pylist() for name in COLUMNS[:3]), strict=True):
            if key is not None:
                counts["reused" if key in scores else "scored"] += 1
            if key is not None and key not in scores:
                new = "new_articles" if user_id in self._places else "new_readers"
                counts["changed" if (user_id, news_id) in articles else new] += 1
        return counts

    def describe(self, counts: Mapping[str, int]) -> str:
        """Return in words what `count` counted; an empty text if the cross-encoder scored nothing."""
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
        """Return the rows of some readers, with the rows of the last table at the end."""
        wanted = pa.array(user_ids, pa.string())
        numbers = sorted({number for user_id in user_ids for number in self._places.get(user_id, ())})
        batches = (self._batches[number] for number in numbers)
        found = [batch.filter(pc.is_in(batch.column("user_id"), value_set=wanted)) for batch in batches]
        return pa.Table.from_batches(found, pa.schema([RANKED.field(name) for name in COLUMNS]))


def _scores(rows: pa.Table) -> dict[str, np.float32]:
    rows = rows.filter(pc.and_(pc.is_valid(rows["pair_hash"]), pc.is_valid(rows["relevance"])))
    return dict(zip(rows["pair_hash"].to_pylist(), np.asarray(rows["relevance"], np.float32), strict=True))


def open_earlier_scores(paths: Sequence[Path], **stamp: str) -> EarlierScores:
    """Open the ranked tables that have the stamps `model` and `arithmetic`, and keep why the others are refused."""
    tables, refused = {}, []
    for path in paths:
        try:
            tables[path.parent.name] = read_table(path, RANKED, **stamp)
        except ContractError:
            refused.append(why_refused(path, RANKED, stamp, OTHER))
    return EarlierScores(tables, list(dict.fromkeys(refused)), stamp)


def score_with(earlier: Mapping[str, np.float32], score: Score) -> Score:
    """Return a scorer that takes `earlier` scores over, by `pair_hash`, and asks `score` for the other pairs."""

    def scored(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        keys = [pair_hash(pair) for pair in pairs]
        new = [place for place, key in enumerate(keys) if key not in earlier]
        scores = np.array([earlier.get(key, 0.0) for key in keys], np.float32)
        if new:
            scores[new] = score([pairs[place] for place in new])
        return scores

    return scored
