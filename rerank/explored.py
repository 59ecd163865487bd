"""Exploration of the pages of a block: which slots are an editor's, which articles may come, and what was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from broadsheet.rerank.block import Block
from broadsheet.rerank.exploration.click_rates import ClickRates
from broadsheet.rerank.exploration.page import ExploredPage, PageDraw
from broadsheet.rerank.exploration.policy import Candidates, Exploration
from broadsheet.rerank.pages import Pages
from broadsheet.rerank.policy.selection import Order
from broadsheet.tables.arrays import Floats

HOUR = 3600.0


@dataclass(frozen=True)
class Explorer:
    """Explores the pages of one request, after the policy of the newsroom has put each list in order."""

    exploration: Exploration
    as_of: float
    "The time of the request, epoch seconds, UTC."
    places: int
    "Slots of a page, at least 1; what comes behind them stays in the order of the list."
    seeds: Mapping[str, int]
    "The seed of each reader's page, by user id."
    budgets: Mapping[str, int]
    "Most open slots of each reader's page, by user id."
    rates: ClickRates | None = None
    "Click rates of the catalogue's articles; needed by Thompson sampling."
    pages: dict[str, ExploredPage] = field(default_factory=dict)
    "What was drawn, by user id; its `order` counts the articles of the list that may come."

    def __call__(self, block: Block, order: Order, score: Floats, pages: Pages) -> Order:
        """Return the order with the first places of each list drawn anew, and note what was drawn in `pages`.

        `order` and `score` are (readers, articles).
        """
        explored = order.copy()
        for number, reader in enumerate(block.readers):
            listed = order[number, : block.lengths[number]]
            kept, fixed = pages.may_move(number, listed, self.places)
            inside = listed[kept]
            rows, hours = block.rows[number, inside], self.exploration.young_hours
            posteriors = self.rates.posteriors(rows) if self.rates is not None else None
            times = block.catalogue.published_at[rows]
            candidates = ranked_candidates(score[number, inside], times, posteriors, self.as_of, hours)
            budget, seed = self.budgets[reader.user_id], self.seeds[reader.user_id]
            draw = PageDraw(self.exploration, candidates, slots=self.places, budget=budget, fixed=fixed)
            page = self.pages[reader.user_id] = draw.draw(seed)
            shown = inside[page.order]
            explored[number, : len(listed)] = np.concatenate([shown, listed[~np.isin(listed, shown)]])
        return explored


def ranked_candidates(
    score: Floats, published_at: Floats, posteriors: tuple[Floats, Floats] | None, as_of: float, young_hours: float
) -> Candidates:
    """Return a reader's ranked articles as a policy reads them, best first; all arrays are (articles,).

    The scores are put in falling order and scaled to 0 to 1: so the order of the list stays the most probable, whatever
    made it diverse. Times are epoch seconds; an article of unknown time, or still to come, is not young.
    """
    falling = np.sort(score)[::-1]
    span = falling[0] - falling[-1] if len(falling) else 0.0
    scores = (falling - falling[-1]) / span if span > 0 else np.zeros(len(falling))
    ages = as_of - published_at
    young = (ages >= 0) & (ages <= young_hours * HOUR)
    return Candidates(scores, young, *(posteriors or ()))
