"""Making the explorer of a request from the settings, the ids of its pages, and the click rates of its moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.config.experiments import ExplorationConfig
from broadsheet.corpus.exposures import HOUR, UNKNOWN, WINDOW_HOURS
from broadsheet.tables.arrays import Floats
from broadsheet.tables.locks import ThreadLock
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.exploration.click_rates import ClickRates
    from broadsheet.rerank.exploration.policy import Exploration
    from broadsheet.rerank.explored import Explorer
    from broadsheet.retrieval.sources.logs import Logs


def exploration_of(settings: ExplorationConfig) -> Exploration:
    """Return the policy that the settings [exploration] name."""
    from broadsheet.rerank.exploration.policy import Exploration

    return Exploration(**vars(settings))


def make_explorer(
    bench: Workbench,
    as_of: datetime,
    places: int,
    page_ids: Mapping[str, str],
    budgets: Mapping[str, int],
    rates_of: Callable[[Workbench, datetime], ClickRates],
) -> Explorer | None:
    """Return the explorer of pages with `places` slots; None if the settings explore nothing.

    `page_ids` has the id of each reader's page, which its seed is made of, and `budgets` the most slots of it that are
    open to exploration, both by user id. `rates_of` returns the click rates, which Thompson sampling alone needs.
    """
    from broadsheet.rerank.exploration.seeds import page_seed
    from broadsheet.rerank.explored import Explorer

    exploration = exploration_of(bench.models.config.exploration)
    if exploration.policy == "none":
        return None
    seeds = {user_id: page_seed(page_id) for user_id, page_id in page_ids.items()}
    rates = rates_of(bench, as_of) if exploration.policy == "thompson" else None
    return Explorer(exploration, as_of.timestamp(), places, seeds, budgets, rates)


class LastClickRates:
    """The click rates of a moment, counted once for all requests of the moment; safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = ThreadLock()
        self._last: tuple[Logs, datetime, int, ClickRates] | None = None

    def __call__(self, bench: Workbench, as_of: datetime) -> ClickRates:
        """Return `click_rates_of` the workbench and the time."""
        with self._lock:
            logs, size, last = bench.logs(), len(bench.data.catalogue), self._last
            if last is None or last[0] is not logs or last[1:3] != (as_of, size):
                self._last = last = logs, as_of, size, click_rates_of(bench, as_of)
            return last[3]


def click_rates_of(bench: Workbench, as_of: datetime) -> ClickRates:
    """Return the click rates of the catalogue's articles, corrected for the slots that they were shown in.

    Showings strictly before `as_of` count, of the last WINDOW_HOURS. How far down readers look is learned from the
    showings with a propensity below 1.
    """
    from broadsheet.rerank.exploration.click_rates import count_click_rates, learned_examination

    seconds = as_of.timestamp()
    past = bench.logs().exposures.before(seconds, seconds - WINDOW_HOURS * HOUR)
    shown = past.part(past.clicked != UNKNOWN)
    clicked = shown.clicked.astype(np.int64)
    weights: Floats = np.where(np.isfinite(shown.weights), shown.weights, 1.0)
    examination = learned_examination(shown.slots, clicked, weights)
    ages = (seconds - shown.times) / HOUR
    return count_click_rates(len(bench.data.catalogue), shown.rows, shown.slots, clicked, ages, examination)
