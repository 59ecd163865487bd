"""What readers' acts are worth, chosen on impressions: the settings [acts.popularity] whose `popularity` ranks best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.config.acts import ActsConfig
from broadsheet.corpus.click_log import read_click_log
from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.metrics.ranking import Impressions, auc
from broadsheet.offline.counters import counters_of
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS
from broadsheet.workbench.data import EditionData

GRID = {
    "half_life_hours": (2.0, 4.0, 6.0, 9.0, 12.0, 24.0),
    "long_read": (1.0, 1.5, 2.0, 4.0),
    "short_read": (1.0, 0.5, 0.0, -1.0),
    "share": (0.0, 1.0, 3.0),
    "hide": (0.0, -1.0, -3.0),
}
"""Values tried of each setting of [acts.popularity], one setting after the other."""
LONG_READS = (30.0, 60.0, 120.0)
"""Values tried of `long_read_seconds`."""


def choose_acts(
    data: EditionData, clicks: pa.Table, impressions: Sequence[Impression]
) -> tuple[ActsConfig, list[dict[str, Any]]]:
    """Return the settings with the best mean AUC of `popularity` alone, and all that were tried with their AUC.

    `clicks` is the table of the acts. A setting changes only for a better AUC. Each click counts as of the impression:
    what happened later does not, and a read is long or short once it has ended. Settings of events that the click log
    does not have stay as they are.
    """
    best, tried = data.acts, list[dict[str, Any]]()

    def mean_auc(acts: ActsConfig) -> float:
        found = float(np.nanmean(popularity_auc(data, clicks, acts, impressions)))
        tried.append({"long_read_seconds": acts.long_read_seconds, **asdict(acts.popularity), "auc": round(found, 5)})
        return found

    reached = mean_auc(best)
    for name in (*GRID, "long_read_seconds"):
        for acts in _neighbours(best, name, clicks):
            if (found := mean_auc(acts)) > reached:
                best, reached = acts, found
    return best, tried


def _neighbours(acts: ActsConfig, name: str, clicks: pa.Table) -> Iterator[ActsConfig]:
    if name == "long_read_seconds":
        if acts.popularity.long_read != 1:
            yield from (
                replace(acts, long_read_seconds=value) for value in LONG_READS if value != acts.long_read_seconds
            )
    elif name in ("half_life_hours", "long_read", "short_read") or name in clicks.column("event").unique().to_pylist():
        for value in GRID[name]:
            if value != getattr(acts.popularity, name):
                yield replace(acts, popularity=replace(acts.popularity, **{name: value}))


def popularity_auc(data: EditionData, clicks: pa.Table, acts: ActsConfig, impressions: Sequence[Impression]) -> Floats:
    """Return the AUC of `popularity` alone on each impression (impressions,), NaN where there is nothing to rank."""
    log = read_click_log(clicks, data.catalogue, acts)
    data = replace(data, articles=data.catalogue, click_log=log, showings=data.exposures)
    moments = np.array([one.time.timestamp() for one in impressions])
    scores = counters_of(data, impressions, moments)["popularity"]
    clicked = np.concatenate([np.zeros(0, np.bool_), *(np.array(one.clicked, np.bool_) for one in impressions)])
    offsets = np.cumsum([0, *(len(one.shown) for one in impressions)])
    return auc(Impressions(np.nan_to_num(scores), clicked, offsets))


def measure_acts(data: EditionData, tune: Sequence[Impression], held_out: Sequence[Impression]) -> dict[str, Any]:
    """Choose settings on some impressions, and compare them on others with the settings of the newsroom.

    The difference of the AUC has a 95 % interval by reader. The chosen settings are worth taking if its low end is
    above 0.
    """
    clicks = read_table(data.edition.clicks, CLICKS)
    chosen, tried = choose_acts(data, clicks, tune)
    before, after = (popularity_auc(data, clicks, acts, held_out) for acts in (data.acts, chosen))
    apart = Bootstrap([one.user_id for one in held_out], np.random.default_rng(0)).difference(after, before)
    means = {"before": float(np.nanmean(before)), "after": float(np.nanmean(after))}
    return {
        "impressions": {"tune": len(tune), "held_out": len(held_out)},
        "chosen": {"long_read_seconds": chosen.long_read_seconds, **asdict(chosen.popularity)},
        "auc": {name: round(value, 4) for name, value in means.items()},
        "difference": {name: round(getattr(apart, name), 5) for name in ("mean", "low", "high")},
        "tried": sorted(tried, key=lambda row: -row["auc"]),
    }
