"""The settings of exploration, and the policy that they make over the ranked list of a reader."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from broadsheet.errors import InputError
from broadsheet.rerank.exploration.chances import Chances, epsilon_greedy, softmax, thompson
from broadsheet.rerank.exploration.closed_forms import epsilon_greedy_marginals, plackett_luce_marginals
from broadsheet.rerank.exploration.marginals import state_marginals
from broadsheet.tables.arrays import Flags, Floats, Rows

CODE = 2
"""Raise it with any change of the code that changes a probability or a draw: earlier pages cannot be replayed then."""
_READ = {"none": (), "epsilon-greedy": ("epsilon",), "softmax": ("temperature",), "thompson": ("young_hours",)}


@dataclass(frozen=True)
class Exploration:
    """How pages are explored; see the settings [exploration] of broadsheet.toml."""

    policy: Literal["none", "epsilon-greedy", "softmax", "thompson"] = "none"
    epsilon: float = 0.1
    "0 to 1: probability that an open slot takes any article left."
    temperature: float = 0.1
    "Above 0: the distance of two scores, of 0 to 1, at which the better article is 2.7 times as probable."
    young_hours: float = 24.0
    "Hours after its publication for which an article is young."
    slots: int = 2
    "Most slots of a page that are open to exploration."
    reader_slots: int = 20
    "Most slots of a reader in a day that take another article than the best."

    @property
    def version(self) -> str:
        """16 hex digits of the code's version, the settings that the policy reads, and the most open slots of a page.

        `reader_slots` is not in it: a page of a reader whose day leaves one slot has the version of `slots` = 1.
        """
        names = (*_READ[self.policy], *(("slots",) if self.policy != "none" else ()))
        said = json.dumps([CODE, self.policy, {name: float(getattr(self, name)) for name in names}], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def under(self, budget: int) -> Exploration:
        """Return the policy of a page of which at most `budget` slots are open."""
        return replace(self, slots=budget)

    def budget_of(self, version: str) -> int:
        """Return the budget of the pages with a version: raises InputError if these settings give no such version."""
        budgets = (number for number in range(self.slots + 1) if self.under(number).version == version)
        budget = next(budgets, None)
        if budget is None:
            raise InputError(
                f"policy_version: found {version!r}, expected a version of the policy {self.policy!r} as [exploration] "
                f"sets it, such as {self.version!r}. A page is made again only by the settings that made it."
            )
        return budget if self.policy != "none" else 0

    def budget(self, explored_today: int) -> int:
        """Return how many slots of a page may be open for a reader with `explored_today` explored slots today."""
        return 0 if self.policy == "none" else max(0, min(self.slots, self.reader_slots - explored_today))


@dataclass(frozen=True)
class Candidates:
    """The ranked articles of a reader, best first."""

    scores: Floats
    "Scores that never rise, from 1, the best, to 0; (articles,). Softmax reads these."
    young: Flags | None = None
    "Whether each article is young, (articles,). Thompson sampling reads this and the posteriors."
    clicks: Floats | None = None
    "First parameter of the posterior of each click rate, above 0, (articles,)."
    misses: Floats | None = None
    "Second parameter of the posterior of each click rate, above 0, (articles,)."

    def __len__(self) -> int:
        return len(self.scores)

    def of(self, rows: Rows) -> Candidates:
        """Return some of the articles, in this order."""
        return replace(self, **{name: values[rows] for name, values in vars(self).items() if values is not None})


def chances_of(exploration: Exploration, candidates: Candidates) -> Chances:
    """Return the probabilities of each article in an open slot."""
    match exploration.policy:
        case "epsilon-greedy":
            return epsilon_greedy(exploration.epsilon)
        case "softmax":
            return softmax(candidates.scores, exploration.temperature)
        case "thompson":
            assert candidates.young is not None and candidates.clicks is not None and candidates.misses is not None
            return thompson(candidates.clicks, candidates.misses, candidates.young)
    return epsilon_greedy(0.0)


def marginals_of(exploration: Exploration, candidates: Candidates, slots: int, budget: int) -> Floats:
    """Return the probability of each article in each slot, (slots, articles), by the exact way where there is one."""
    articles = len(candidates)
    if not budget:
        return np.eye(slots, articles)
    if exploration.policy == "epsilon-greedy":
        return epsilon_greedy_marginals(articles, slots, budget, exploration.epsilon)
    if exploration.policy == "softmax" and budget >= slots:
        return plackett_luce_marginals(candidates.scores, exploration.temperature, slots)
    return state_marginals(chances_of(exploration, candidates), articles, slots, budget)
