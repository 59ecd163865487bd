"""How often articles are in their slots, against the probabilities that explored pages log: chi-squared tests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrays import Floats, Integers
from broadsheet.workbench.exploring import click_rates_of
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import open_current

if TYPE_CHECKING:
    from broadsheet.rerank.exploration.page import PageDraw
    from broadsheet.rerank.exploration.policy import Candidates, Exploration

SLOTS = 10
LEAST_EXPECTED = 5.0
"""Least expected count of a cell of a chi-squared test; smaller cells of a slot are put together."""
LEAST_P = 1e-4
"""A smaller p-value is a failure: by chance, 1 of 700 runs fails, with two tests of each of seven policies."""
MOST_ERRORS = 4.5
"""Most standard errors of an estimated probability; with 4.5, one of 150,000 is farther off by chance."""
Cells = tuple[Floats, Floats]
"""Observed and expected counts of what can be in a slot."""


def policies() -> list[Exploration]:
    """Return the policies that are checked: each with the default budget, and each with all slots open."""
    from broadsheet.rerank.exploration.policy import Exploration

    budgets = (2, SLOTS)
    soft = [Exploration("softmax", slots=slots, temperature=0.1) for slots in budgets]
    greedy = [Exploration("epsilon-greedy", slots=slots, epsilon=0.3) for slots in budgets]
    return [Exploration(), *greedy, *soft, *(Exploration("thompson", slots=slots, young_hours=48) for slots in budgets)]


def check_propensities(newsroom: Newsroom, draws: int, readers: int, say: Callable[[str], object]) -> dict[str, Any]:
    """Return the tests of each policy over the ranked lists of some readers of the current edition.

    `draws` pages are drawn in all for each policy, as many for each reader.
    """
    lists, results = reader_lists(newsroom, readers), []
    for exploration in policies():
        candidates = [made(exploration) for made in lists]
        results.append(check_policy(exploration, candidates, draws // len(lists)))
        say(describe(results[-1]))
    return {"slots": SLOTS, "readers": len(lists), "policies": results}


def failed(document: Mapping[str, Any]) -> list[str]:
    """Return what is wrong: each policy whose pages contradict their probabilities."""
    return [describe(one) for one in document["policies"] if not one["agrees"]]


def describe(result: Mapping[str, Any]) -> str:
    """Return the result of a policy in a line."""
    marginal, conditional = result["marginal"], result["conditional"]
    said = f"conditional p = {conditional['p']:.3f} over {conditional['cells']:,} cells"
    if "p" in marginal:
        said += f", marginal p = {marginal['p']:.3f} over {marginal['cells']:,} cells"
    else:
        said += f", marginal at most {marginal['most_errors']:.1f} standard errors off"
    return f"{result['policy']} with {result['open_slots']} open slots: {result['draws']:,} pages, {said}"


def reader_lists(newsroom: Newsroom, readers: int) -> list[Callable[[Exploration], Candidates]]:
    """Return for the first readers their ranked list, as a policy reads it."""
    from broadsheet.rerank.explored import ranked_candidates

    bench = open_current(newsroom)
    as_of, audience = bench.data.as_of, bench.data.readers.audience
    states = bench.readers(audience.state(audience.all()[:readers], as_of))
    ranked = rank(bench, states, as_of).ranked
    catalogue, rates = bench.data.catalogue, click_rates_of(bench, as_of)
    users = np.array(ranked.column("user_id").to_pylist(), object)
    rows = np.array(catalogue.rows(ranked.column("news_id").to_pylist()), np.int64)
    fused = ranked.column("fused").to_numpy().astype(np.float64)

    def made(user_id: str) -> Callable[[Exploration], Candidates]:
        of = users == user_id
        return lambda exploration: ranked_candidates(
            fused[of],
            catalogue.published_at[rows[of]],
            rates.posteriors(rows[of]),
            as_of.timestamp(),
            exploration.young_hours,
        )

    return [made(user_id) for user_id in dict.fromkeys(users.tolist())]


def check_policy(exploration: Exploration, lists: Sequence[Candidates], draws: int) -> dict[str, Any]:
    """Return the tests of one policy: `draws` pages of each list against their logged probabilities.

    Marginal probabilities are tested slot by slot, since the slots of a page depend on each other: the p-value is the
    smallest of all slots times their number (Bonferroni). If they are an estimate, their distance from the pages is
    given in standard errors of both. Conditional probabilities are tested among pages with the same articles above,
    which makes independent groups, whose statistics add up.
    """
    from broadsheet.rerank.exploration.page import PageDraw

    estimated = exploration.policy == "thompson" and exploration.slots > 2
    slots: list[Cells] = []
    groups: list[Cells] = []
    for number, candidates in enumerate(lists):
        made = PageDraw(exploration, candidates, slots=SLOTS, budget=exploration.budget(0))
        orders, chances = _drawn(made, draws, f"{exploration.policy} {exploration.slots} {number}")
        slots += by_slot(orders, made.marginals)
        groups += by_slots_above(orders, chances)
    marginal = _most_errors(slots) if estimated else smallest_p(slots)
    conditional = total_p(groups)
    off = marginal["most_errors"] > MOST_ERRORS if estimated else marginal["p"] < LEAST_P
    return {
        "policy": exploration.policy,
        "version": exploration.version,
        "open_slots": exploration.budget(0),
        "draws": draws * len(lists),
        "marginal": marginal,
        "conditional": conditional,
        "agrees": not off and conditional["p"] >= LEAST_P,
    }


def _drawn(made: PageDraw, draws: int, name: str) -> tuple[Integers, Floats]:
    """Return the articles of some pages and their conditional probabilities, both (pages, slots)."""
    from broadsheet.rerank.exploration.seeds import page_seed

    pages = [made.draw(page_seed(f"{name} {number}")) for number in range(draws)]
    return np.array([page.order for page in pages]), np.array([page.conditional for page in pages])


def by_slot(orders: Integers, marginals: Floats) -> list[Cells]:
    """Return the cells of each slot: every article, by its marginal probability."""
    articles = marginals.shape[1]
    counted = [np.bincount(of_slot, minlength=articles).astype(np.float64) for of_slot in orders.T]
    return [(seen, chances * len(orders)) for seen, chances in zip(counted, marginals, strict=True)]


def by_slots_above(orders: Integers, chances: Floats) -> list[Cells]:
    """Return the cells of each slot behind each beginning of a page: the frequent articles, and all others together.

    Only the probabilities of articles that were drawn are logged, so the others are known together alone.
    """
    groups: list[Cells] = []
    for slot in range(orders.shape[1]):
        behind: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for page, above in enumerate(map(tuple, orders[:, :slot].tolist())):
            behind[above].append(page)
        for pages in behind.values():
            logged = dict(zip(orders[pages, slot].tolist(), chances[pages, slot].tolist(), strict=True))
            seen, count = Counter(orders[pages, slot].tolist()), len(pages)
            large = [article for article, chance in logged.items() if chance * count >= LEAST_EXPECTED]
            expected, hits = [logged[article] * count for article in large], [seen[article] for article in large]
            rest = max(0.0, count - sum(expected)), count - sum(hits)
            groups.append((np.array([*hits, rest[1]], np.float64), np.array([*expected, rest[0]])))
    return groups


def _joined(cells: Cells) -> Cells:
    """Return cells with those of a small expected count put together, and none if these are still too small."""
    seen, expected = cells
    small = expected < LEAST_EXPECTED
    seen = np.append(seen[~small], seen[small].sum())
    expected = np.append(expected[~small], expected[small].sum())
    if expected[-1] < LEAST_EXPECTED and len(expected) > 1:  # too small together, too: it joins the smallest cell
        place = int(expected[:-1].argmin())
        seen[place] += seen[-1]
        expected[place] += expected[-1]
        seen, expected = seen[:-1], expected[:-1]
    return seen, expected


def _statistic(cells: Cells) -> tuple[float, int]:
    """Return chi-squared of the cells, and its degrees of freedom."""
    seen, expected = _joined(cells)
    return float(((seen - expected) ** 2 / expected).sum()), len(expected) - 1


def total_p(groups: Sequence[Cells]) -> dict[str, Any]:
    """Return the p-value of independent groups of cells together, and how many cells there are."""
    from scipy.stats import chi2

    found = [_statistic(cells) for cells in groups if cells[1].sum() >= 2 * LEAST_EXPECTED]
    statistic, degrees = sum(one for one, _ in found), sum(one for _, one in found)
    p = float(chi2.sf(statistic, degrees)) if degrees else 1.0
    return {"chi_squared": statistic, "degrees": degrees, "cells": degrees + sum(one > 0 for _, one in found), "p": p}


def smallest_p(slots: Sequence[Cells]) -> dict[str, Any]:
    """Return the smallest p-value of all slots, times their number, and how many cells there are."""
    from scipy.stats import chi2

    found = [_statistic(cells) for cells in slots]
    tested = [float(chi2.sf(statistic, degrees)) for statistic, degrees in found if degrees]
    p = min(1.0, min(tested) * len(tested)) if tested else 1.0
    return {"slots": len(tested), "cells": sum(degrees + 1 for _, degrees in found), "p": p}


def _most_errors(slots: Sequence[Cells]) -> dict[str, Any]:
    """Return how far the pages are from estimated probabilities at most, in standard errors of both."""
    from broadsheet.rerank.exploration.marginals import MOST_STATES

    errors, distances = [], []
    for seen, expected in slots:
        draws, large = seen.sum(), expected >= LEAST_EXPECTED
        p = expected[large] / draws
        distances.append(np.abs(seen[large] / draws - p))
        errors.append(np.sqrt(p * (1 - p) * (1 / draws + 1 / MOST_STATES)))
    distance, error = np.concatenate(distances), np.concatenate(errors)
    return {
        "cells": len(error),
        "most_errors": float((distance / error).max()),
        "largest_difference": float(distance.max()),
    }
