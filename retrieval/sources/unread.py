"""What the sources propose to one reader, without articles that the reader has read or hidden under another id."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from broadsheet.corpus.same_text import SameTexts
from broadsheet.retrieval.sources.fusion import joined, propose
from broadsheet.retrieval.sources.snapshot import Moment
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Rows


def unread(
    same_texts: SameTexts,
    seen: Sequence[int],
    reader: SourceInput,
    moment: Moment,
    weights: Mapping[str, float],
    quotas: Mapping[str, float],
    count: int,
) -> tuple[dict[str, Rows], Rows]:
    """Return what each source proposes, and all rows; `seen` are the catalogue rows that the reader read or hid.

    The sources know articles by their ids. If they propose a copy of an article that the reader has seen, they are
    asked once more without it.
    """
    known = np.array(sorted({*seen}), np.int64)
    read = reader.vectors(known)
    for _ in range(2):
        proposals = propose(moment.sources, reader, weights, count, quotas)
        rows = moment.fill(reader, joined(proposals), count)
        likeness = reader.vectors(rows) @ read.T
        copies = rows[same_texts.copies(rows, known, likeness).any(axis=1)]
        if not len(copies):
            return proposals, rows
        reader = replace(reader, excluded=np.union1d(reader.excluded, copies))
    return {name: found[~np.isin(found, copies)] for name, found in proposals.items()}, rows[~np.isin(rows, copies)]
