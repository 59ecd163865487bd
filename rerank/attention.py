"""The signal `attention`: what the attentive scorer says of the candidates of a block."""

from collections.abc import Mapping

import numpy as np

from broadsheet.rerank.attentive_scorer.inputs import InputMaker, Request, count_columns
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.block import NO_ROW, Block
from broadsheet.rerank.signals import finite
from broadsheet.tables.arrays import Floats


class Attention:
    """Scores the candidates of a block, one reader after the other: a padded product would round in another way."""

    def __init__(self, scorer: TrainedScorer | None) -> None:
        self._scorer = scorer

    def __call__(self, block: Block, signals: Mapping[str, Floats]) -> Floats:
        """Return the scores (readers, candidates); `signals` are those that retrieval computed.

        NaN without a scorer, and for a reader who only says what to read about, of whom it would read nothing.
        """
        found = np.full(block.rows.shape, np.nan)
        if self._scorer is None:
            return found
        counts = count_columns(signals)  # (readers, candidates, counts)
        make = InputMaker(block.catalogue, block.vectors_of)
        for number, (reader, there) in enumerate(zip(block.readers, block.there, strict=True)):
            if not reader.only_spoke:
                history = block.history[number]
                read = history != NO_ROW
                known = block.reads[number, read] if self._scorer.model.reads is not None else None
                request = Request(history[read], block.rows[number, there], counts[number, there], known)
                found[number, there] = finite("attention", self._scorer(make, request))
        return found
