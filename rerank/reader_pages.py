"""The page of one reader of a block, as the reasons of its stories see it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from broadsheet.rerank.block import NO_ROW, Block
from broadsheet.rerank.reasons.deletion import ReadArticles
from broadsheet.rerank.reasons.explainer import ReaderPage
from broadsheet.tables.arrays import Flags, Floats, Rows


def reader_page(
    block: Block, number: int, order: Rows, new: Flags, kept: Flags, parts: Mapping[str, Floats]
) -> ReaderPage:
    """Return the page of one reader of a block as its reasons see it; `kept` is in the order of the page already."""
    articles = block.history[number] != NO_ROW
    history = block.history[number, articles]
    worth = np.ones(len(history)) if block.worth is None else block.worth[number, articles]
    return ReaderPage(
        rows=block.rows[number, order],
        new=new[number, order],
        kept=kept[number, : len(order)],
        lifts={name: part[number, order] for name, part in parts.items()},
        read=ReadArticles(history, block.vectors_of(history), worth),
        nearness=block.nearness[number][order][:, articles],
        profile=block.readers[number].profile,
    )
