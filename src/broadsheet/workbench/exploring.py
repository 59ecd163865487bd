"""Making the explorer of a request from the settings, the ids of its pages, and the click rates of its moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.config.exploration import ExplorationConfig
from broadsheet.corpus.exposures import HOUR, UNKNOWN, WINDOW_HOURS
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.exploration.click_rates import ClickRates
    from broadsheet.rerank.exploration.policy import Exploration
    from broadsheet.rerank.explored import Explorer


def exploration_of(settings: ExplorationConfig) -> Exploration:
    """Return the policy that the settings [exploration] name."""
    from broadsheet.rerank.exploration.policy import Exploration

    return Exploration(**vars(settings))


def make_explorer(
    bench: Workbench, as_of: datetime, places: int, page_ids: Mapping[str, str], budgets: Mapping[str, int]
) -> Explorer | None:
    """Return the explorer of pages with `places` slots; None if the settings explore nothing.

    `page_ids` has the id of each reader's page, which its seed is made of, and `budgets` the most slots of it that are
    open to exploration, both by user id.
    """
    from broadsheet.rerank.exploration.seeds import page_seed
    from broadsheet.rerank.explored import Explorer

    exploration = exploration_of(bench.models.config.exploration)
    if exploration.policy == "none":
        return None
    seeds = {user_id: page_seed(page_id) for user_id, page_id in page_ids.items()}
    rates = click_rates_of(bench, as_of) if exploration.policy == "thompson" else None
    return Explorer(exploration, as_of.timestamp(), places, seeds, budgets, rates)


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
