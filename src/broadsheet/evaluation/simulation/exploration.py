"""The benchmark of exploration: policies beside the best-first order, on the same simulated readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.simulation.behaviour import Behaviour
from broadsheet.evaluation.simulation.card import card_of
from broadsheet.evaluation.simulation.fast import ENOUGH, SLOTS, Day, Run, run_days
from broadsheet.evaluation.simulation.world import make_world
from broadsheet.progress import Say
from broadsheet.rerank.exploration.policy import Exploration
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench


class Policy(NamedTuple):
    """What makes the pages of a row."""

    exploration: Exploration
    weights: Mapping[str, float] = MappingProxyType({})
    "Weights of signals in place of the newsroom's own."


GREEDY = "greedy"
POLICIES: Mapping[str, Policy] = {
    GREEDY: Policy(Exploration()),
    "greedy, click_rate 1": Policy(Exploration(), {"click_rate": 1.0}),
    "greedy, click_rate 3": Policy(Exploration(), {"click_rate": 3.0}),
    "epsilon-greedy": Policy(Exploration("epsilon-greedy")),
    "epsilon-greedy, epsilon 0.5": Policy(Exploration("epsilon-greedy", epsilon=0.5)),
    "softmax": Policy(Exploration("softmax")),
    "thompson": Policy(Exploration("thompson")),
}
"""Rows of the benchmark; settings that are not named are those of `[exploration]` by default.

Thompson sampling goes by click rates more than the ranking does. The rows with a higher weight of the signal
`click_rate` show what that brings without any exploration.
"""
HIDDEN, NOT_HIDDEN = "hidden quality", "no hidden quality"
WORLDS = {HIDDEN: Behaviour(), NOT_HIDDEN: replace(Behaviour(), quality=0.0)}
"""A world in which clicks tell what no text does, and a world in which exploration has little to find."""
HOURS = tuple(range(0, 73, 3))
"""Hours after publication at which the articles with enough showings are counted."""
SOON, LATER = 24, 72


def measure_exploration(bench: Workbench, readers: int, days: int, seeds: int, say: Say) -> dict[str, Any]:
    """Return the document: each policy in each world, on `readers` readers over the last `days` days of the articles.

    Readers, luck and hidden quality are drawn anew for each of the seeds, and are the same for all policies.
    """
    card: dict[str, Any] = {}
    worlds: dict[str, dict[str, Any]] = {}
    for name, behaviour in WORLDS.items():
        runs: dict[str, list[Run]] = {policy: [] for policy in POLICIES}
        for seed in range(seeds):
            world = make_world(bench.data, readers, days, seed, behaviour)
            card = card or card_of(world, bench.data.newsroom.path.name, days)
            for policy, (exploration, weights) in POLICIES.items():
                runs[policy].append(run_days(bench, world, exploration, days, weights))
            say(f"{name}: seed {seed}")
        worlds[name] = {policy: _row(found, runs[GREEDY]) for policy, found in runs.items()}
    return {
        "benchmark": "exploration",
        **stamp(),
        "seeds": seeds,
        "slots": SLOTS,
        "enough": ENOUGH,
        "intervals": f"95 %, t distribution over {seeds} seeds, paired with greedy",
        "card": card,
        "policies": {name: vars(of.exploration) | {"weights": dict(of.weights)} for name, of in POLICIES.items()},
        "worlds": worlds,
    }


def _row(runs: Sequence[Run], greedy: Sequence[Run]) -> dict[str, Any]:
    """Return the figures of a policy; all that is compared is the mean number of clicks by the truth."""
    expected, base = (_by_day(of, "expected") for of in (runs, greedy))
    best, pages = _by_day(runs, "best"), _by_day(runs, "pages")
    total, until = expected.sum(axis=1), expected.cumsum(axis=1)
    return {
        "clicks": over_seeds(_by_day(runs, "clicks").sum(axis=1)),
        "clicks_a_page": over_seeds(_by_day(runs, "clicks").sum(axis=1) / pages.sum(axis=1)),
        "gain": over_seeds(total / base.sum(axis=1) - 1),
        "gain_on_day_1": over_seeds(expected[:, 0] / base[:, 0] - 1),
        "gain_until_day": _each(over_seeds, until / base.cumsum(axis=1) - 1),
        "regret_a_page": over_seeds((best.sum(axis=1) - total) / pages.sum(axis=1)),
        "regret_until_day": _each(over_seeds, (best - expected).cumsum(axis=1)),
        "explored_a_page": over_seeds(_by_day(runs, "explored").sum(axis=1) / pages.sum(axis=1)),
        "long_reads_a_page": over_seeds(_by_day(runs, "long_reads").sum(axis=1) / pages.sum(axis=1)),
        "hides_a_page": over_seeds(_by_day(runs, "hides").sum(axis=1) / pages.sum(axis=1)),
        "young_articles": over_seeds(np.array([len(run.waits) for run in runs], np.float64)),
        "known_by_hour": _each(over_seeds, np.array([_known(run.waits, HOURS) for run in runs])),
        f"known_in_{SOON}_hours": over_seeds(np.array([_known(run.waits, [SOON])[0] for run in runs])),
        f"known_in_{LATER}_hours": over_seeds(np.array([_known(run.waits, [LATER])[0] for run in runs])),
        "median_hours_of_the_best": over_seeds(np.array([_median_of_best(run) for run in runs])),
        "runs": [{"days": [day._asdict() for day in run.days]} for run in runs],
    }


def _by_day(runs: Sequence[Run], name: str) -> Floats:
    place = Day._fields.index(name)
    return np.array([[day[place] for day in run.days] for run in runs], np.float64)  # (seeds, days)


def _known(waits: Floats, hours: Sequence[int]) -> list[float]:
    """Return the share of the articles that had enough showings within each number of hours."""
    return [float((waits <= hour).mean()) if len(waits) else np.nan for hour in hours]


def _median_of_best(run: Run) -> float:
    """Return the median hours until enough showings of the best tenth by hidden quality; NaN if half have fewer."""
    if not len(run.waits):
        return np.nan
    best = run.waits[run.quality >= np.quantile(run.quality, 0.9)]
    middle = float(np.median(np.nan_to_num(best, nan=np.inf)))
    return middle if np.isfinite(middle) else np.nan


def over_seeds(values: Floats) -> dict[str, float | None]:
    """Return the mean of one value for each seed with its 95 % interval by the t distribution.

    None stands where a number is not known: the mean if a value is missing, the interval if there is only one seed.
    """
    from scipy.special import stdtrit

    count, mean = len(values), float(values.mean())
    if not np.isfinite(mean):
        return {"mean": None, "low": None, "high": None}
    if count < 2:
        return {"mean": mean, "low": None, "high": None}
    reach = float(stdtrit(count - 1, 0.975)) * float(values.std(ddof=1)) / np.sqrt(count)
    return {"mean": mean, "low": mean - float(reach), "high": mean + float(reach)}


def _each(summarise: Callable[[Floats], dict[str, float | None]], values: Floats) -> list[dict[str, float | None]]:
    """Return a summary of each column of values (seeds, places)."""
    return [summarise(column) for column in values.T]
