"""A page that is explored: which article is in each slot, and with which probability."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.errors import ContractError, InputError, join_problems
from broadsheet.rerank.exploration.openings import Openings
from broadsheet.rerank.exploration.policy import Candidates, Exploration, chances_of, marginals_of
from broadsheet.rerank.exploration.seeds import uniforms
from broadsheet.tables.arrays import Flags, Floats, Rows

ROUNDING = 1e-9
"""How far a probability may be above 1 by rounding."""


@dataclass(frozen=True)
class ExploredPage:
    """The slots of a page from the top; four arrays of one length."""

    order: Rows
    "The number of the article in each slot, counted from 0 in the ranked list."
    propensity: Floats
    "Marginal probability that the slot has this article, above 0 to 1."
    conditional: Floats
    "Probability that the slot has this article given the slots above; the product is the probability of the page."
    explored: Flags
    "Whether the slot has another article than the best left."


class PageDraw:
    """The page of a reader before it is drawn: all that does not depend on the draw."""

    def __init__(
        self,
        exploration: Exploration,
        candidates: Candidates,
        *,
        slots: int,
        budget: int,
        fixed: Mapping[int, int] | None = None,
    ) -> None:
        """Take the ranked articles of a reader, of which a page of at most `slots` articles is drawn.

        `budget` is the most slots that are open to exploration: `Exploration.budget`. `fixed` says which article, by
        its number from 0, an editor set into which slot, 1 the top: it is there with probability 1, and no other slot
        may take it.

        Raises InputError for scores that are not finite or rise, and for fixed slots that cannot be.
        """
        fixed = fixed or {}
        _require_sound(candidates, fixed, slots)
        size = min(slots, len(candidates))
        self._count, self._fixed = len(candidates), fixed
        self._free = [slot for slot in range(size) if slot + 1 not in fixed]
        self._size, self._budget = size, min(budget, len(self._free))
        self._pool = np.setdiff1d(np.arange(len(candidates)), list(fixed.values()))
        inside = candidates.of(self._pool)
        self._chances = chances_of(exploration, inside)
        self.marginals: Floats = marginals_of(exploration, inside, len(self._free), self._budget)
        """Probability of each article in each slot, both without those that an editor set, (slots, articles)."""

    def draw(self, seed: int) -> ExploredPage:
        """Return the page of a seed; the same seed gives the same page.

        A slot counts as explored if its article is not the best left, and not if an article above it moved. Raises
        ContractError if a slot has no true probability.
        """
        numbers = uniforms(seed, self._size)

        def take(slot: int, chances: Floats) -> int:
            ends, last = np.cumsum(chances), int(np.flatnonzero(chances)[-1])
            return min(int(np.searchsorted(ends, numbers[slot] * ends[-1], side="right")), last)

        return _require_true(self._filled(take))

    def probabilities(self, shown: Sequence[int]) -> tuple[Floats, Floats]:
        """Return the marginal and the conditional probability with which a given page would be shown, (slots,) each.

        `shown` are the numbers of its articles in the ranked list, from the top, each once, and -1 for an article that
        is not in the list. A slot that would never be filled so has probability 0, and every slot below it has
        conditional probability 0. Raises InputError for a page of another length.
        """
        known = [number for number in shown if number != -1]
        if len(shown) != self._size or len(set(known)) < len(known) or not set(known) <= set(range(self._count)):
            raise InputError(f"probabilities: found articles {list(shown)}, expected {self._size} different articles.")
        number_of = {place: number for number, place in enumerate(self._pool.tolist())}
        page = self._filled(lambda slot, _: number_of.get(shown[slot], -1))
        wrong = [slot - 1 for slot, place in self._fixed.items() if shown[slot - 1] != place]
        if wrong:
            page.propensity[wrong] = 0.0
            page.conditional[min(wrong) :] = 0.0
        return page.propensity, page.conditional

    def _filled(self, take: Callable[[int, Floats], int]) -> ExploredPage:
        """Fill the slots from the top; `take` says which article of the pool a slot gets, from all probabilities.

        `take` returns -1 for an article that the pool lacks; such a slot has probability 0.
        """
        order = np.array([self._fixed.get(slot + 1, -1) for slot in range(self._size)], np.int64)
        page = ExploredPage(order, np.ones(self._size), np.ones(self._size), np.zeros(self._size, np.bool_))
        openings, path = Openings(max(len(self._free), 1), self._budget), 1.0
        left = np.ones((1, len(self._pool)), np.bool_)
        for passed, slot in enumerate(self._free):
            opening, best, drawn = openings.chance(), int(left.argmax()), self._chances(left)[0]
            mixed = opening * drawn
            mixed[best] += 1 - opening
            number = take(slot, mixed)
            if number < 0:  # no article that is left
                page.propensity[slot] = page.conditional[slot] = path = 0.0
                continue
            page.order[slot], page.explored[slot] = self._pool[number], number != best
            page.conditional[slot] = mixed[number] if path > 0 else 0.0
            path *= page.conditional[slot]
            # The page itself is one of the ways to this slot: a sample of the ways must not say less.
            page.propensity[slot] = max(float(self.marginals[passed, number]), path)
            openings.note(float(drawn[number]), best=number == best)
            left[0, number] = False
        return page


def _require_sound(candidates: Candidates, fixed: Mapping[int, int], slots: int) -> None:
    count, problems = len(candidates), []
    if not np.isfinite(candidates.scores).all() or (np.diff(candidates.scores) > 0).any():
        problems.append("scores: expected finite numbers that never rise")
    for name in ("clicks", "misses"):
        values = getattr(candidates, name)
        if values is not None and not (np.isfinite(values) & (values > 0)).all():
            problems.append(f"{name}: expected finite numbers above 0")
    filled = min(slots, count)
    problems += [
        f"slot {slot}: found {slot} as a slot that an editor set, expected 1 to {filled}"
        for slot in fixed
        if not 1 <= slot <= filled
    ]
    problems += [
        f"slot {slot}: found article {place}, expected 0 to {count - 1}"
        for slot, place in fixed.items()
        if not 0 <= place < count
    ]
    if len(set(fixed.values())) < len(fixed):
        problems.append("found an article in two slots that an editor set, expected one slot")
    if problems:
        raise InputError(f"exploration: {join_problems(problems)}.")


def _require_true(page: ExploredPage) -> ExploredPage:
    """Return a page each of whose slots has a true probability; raises ContractError for any other page."""
    for name in ("propensity", "conditional"):
        values: Floats = getattr(page, name)
        wrong = np.flatnonzero(~((values > 0) & (values <= 1 + ROUNDING)))
        if len(wrong):
            raise ContractError(
                f"exploration: slot {wrong[0] + 1} has {name} {values[wrong[0]]}, expected a number above 0 and at "
                'most 1. A page whose probabilities are not known is not shown. Set `policy = "none"` in [exploration].'
            )
        np.minimum(values, 1.0, out=values)
    return page
