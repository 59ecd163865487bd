"""Exploration of the pages of a block: which slots are an editor's, which articles may come, and what was drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from broadsheet.rerank.block import Block
from broadsheet.rerank.exploration.click_rates import ClickRates
from broadsheet.rerank.exploration.page import ExploredPage, PageDraw
from broadsheet.rerank.exploration.policy import Candidates, Exploration
from broadsheet.rerank.pages import Pages
from broadsheet.rerank.policy.selection import Order
from broadsheet.tables.arrays import Floats, Rows

HOUR = 3600.0

Explores = Callable[[Block, Order, Floats, Pages], Order]
"""Takes a block, the order and the scores of its lists, and its pages; returns the order of the lists to show."""


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
            inside, draw = self.page_draw(block, order, score, pages, number)
            page = self.pages[reader.user_id] = draw.draw(self.seeds[reader.user_id])
            shown = inside[page.order]
            explored[number, : len(listed)] = np.concatenate([shown, listed[~np.isin(listed, shown)]])
        return explored

    def page_draw(self, block: Block, order: Order, score: Floats, pages: Pages, number: int) -> tuple[Rows, PageDraw]:
        """Return the candidates that may come on a reader's page, in the order of the list, and the draw of the page.

        The draw counts these candidates from 0. `number` is the reader's, in the block.
        """
        listed = order[number, : block.lengths[number]]
        kept, fixed = pages.may_move(number, listed, self.places)
        inside = listed[kept]
        rows, hours = block.rows[number, inside], self.exploration.young_hours
        posteriors = self.rates.posteriors(rows) if self.rates is not None else None
        times = block.catalogue.published_at[rows]
        candidates = ranked_candidates(score[number, inside], times, posteriors, self.as_of, hours)
        budget = self.budgets[block.readers[number].user_id]
        return inside, PageDraw(self.exploration, candidates, slots=self.places, budget=budget, fixed=fixed)


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


@dataclass(frozen=True)
class Asker:
    """Takes an explorer's place, leaves all lists as they are, and notes how probable a page would have been."""

    explorer: Explorer
    "The policy that is asked; it needs no seeds."
    shown: Mapping[str, Sequence[int]]
    "The catalogue rows of each reader's page, from the top, -1 for an article that is not there, by user id."
    found: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)
    "The marginal and the conditional probability of each slot, (slots,) each, by user id."

    def __call__(self, block: Block, order: Order, score: Floats, pages: Pages) -> Order:
        """Note the probabilities of the block's readers, and return the order."""
        for number, reader in enumerate(block.readers):
            inside, draw = self.explorer.page_draw(block, order, score, pages, number)
            place_of = {row: place for place, row in enumerate(block.rows[number, inside].tolist())}
            asked = [place_of.get(row, -1) for row in self.shown[reader.user_id]]
            size = min(len(asked), len(inside))
            chances = draw.probabilities(asked[:size])
            marginal, conditional = (np.concatenate([part, np.zeros(len(asked) - size)]) for part in chances)
            self.found[reader.user_id] = marginal, conditional
        return order
