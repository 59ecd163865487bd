"""Sessions that interleaving and an A/B test need to tell two rankers apart, on simulated readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from broadsheet.experiments.interleaving import team_draft, votes
from broadsheet.experiments.results import LEAST_READERS
from broadsheet.experiments.statistics.mixture import ALPHA, radius
from broadsheet.experiments.statistics.signs import sign_p_value
from broadsheet.progress import Say
from broadsheet.tables.arrays import Flags, Floats, Rows

CANDIDATES, SLOTS = 30, 10
WORSE = {"small": 0.4, "middle": 0.5, "large": 0.7}
"""Noise in the scores of the worse ranker, by the name of the gap; the better ranker's is BETTER."""
BETTER = 0.3
RUNS, MOST = 1_000, 10_000_000
"""Experiments drawn, and most sessions of each."""
SCALE = 0.1
"""Difference that the A/B test's sequence is tightest for, as a share of the rate."""
ASSUMED = (
    f"A session has {CANDIDATES} articles with appeals drawn anew (normal); a ranker orders them by appeal with noise, "
    f"{BETTER} for the better and {', '.join(f'{noise} ({gap})' for gap, noise in WORSE.items())} for the worse, and "
    f"shows {SLOTS}. The reader looks at slot n with probability 1 / n^0.7, and clicks with a probability of 2 to 60 % "
    "that rises with the appeal; how keen the reader is varies by session. Every session is another reader's."
)


def measure_interleaving(sessions: int, say: Say) -> dict[str, Any]:
    """Return for each gap the clicks of both rankers, and the sessions until each way decides."""
    found = {}
    for number, (gap, noise) in enumerate(WORSE.items()):
        pool = _pool(sessions, noise, np.random.default_rng([9, number]))
        say(f"interleaving: {gap} gap")
        found[gap] = _needed(pool, np.random.default_rng([10, number]))
    return found


def _pool(sessions: int, noise: float, rng: np.random.Generator) -> Mapping[str, Floats]:
    """Return the clicks of pages by the worse and by the better ranker, and the votes of interleaved pages."""
    appeal = rng.standard_normal((sessions, CANDIDATES))
    rankings = [
        np.argsort(-(appeal + rng.standard_normal(appeal.shape) * one), axis=1, kind="stable")[:, : SLOTS + 2]
        for one in (noise, BETTER)
    ]
    # The same chances for all three pages of a session: the rankers' rates then differ by what the rankers do.
    seen = rng.random((sessions, SLOTS)) < np.arange(1, SLOTS + 1) ** -0.7
    luck = rng.random(appeal.shape)
    keen = rng.gamma(2.0, 0.5, sessions)
    drafts = [
        team_draft(first, second, SLOTS, seed)
        for seed, (first, second) in enumerate(zip(*(one.tolist() for one in rankings), strict=True))
    ]
    mixed = np.array([draft.order for draft in drafts])

    def clicks_on(pages: Rows) -> Floats:
        liking = 0.02 + 0.58 / (1 + np.exp(4 - 2 * np.take_along_axis(appeal, pages, axis=1)))
        clicked = seen & (np.take_along_axis(luck, pages, axis=1) < np.minimum(1.0, liking * keen[:, None]))
        return clicked.astype(np.float64)

    on_mixed = clicks_on(mixed)
    voted = [
        votes(draft.teams, np.flatnonzero(row) + 1) if row.any() else 0
        for draft, row in zip(drafts, on_mixed, strict=True)
    ]
    worse, better = (clicks_on(one[:, :SLOTS]).sum(axis=1) for one in rankings)
    return {"worse": worse, "better": better, "votes": np.sign(voted)}


def _needed(pool: Mapping[str, Floats], rng: np.random.Generator) -> dict[str, Any]:
    looks = np.unique(np.geomspace(20, MOST, 500).astype(np.int64) // 2 * 2)
    scale = SCALE * float(pool["worse"].mean())
    decided = {"a/b": np.array([_ab(pool, looks, scale, rng) for _ in range(RUNS)])}
    decided["interleaving"] = np.array([_interleaved(pool, looks, rng) for _ in range(RUNS)])
    medians = {way: float(np.median(sessions)) for way, sessions in decided.items()}
    is_known = all(map(np.isfinite, medians.values()))
    return {
        "clicks_worse": float(pool["worse"].mean()),
        "clicks_better": float(pool["better"].mean()),
        "votes_for_better": float((pool["votes"] > 0).sum() / (pool["votes"] != 0).sum()),
        "sessions": {way: value if np.isfinite(value) else None for way, value in medians.items()},
        "share": medians["interleaving"] / medians["a/b"] if is_known else None,
        "undecided": {way: float(np.isinf(sessions).mean()) for way, sessions in decided.items()},
    }


def _ab(pool: Mapping[str, Floats], looks: Rows, scale: float, rng: np.random.Generator) -> float:
    """Return the sessions, of both arms together, after which the sequence of an A/B test decides."""
    half = looks // 2
    rates = []
    for name in ("worse", "better"):
        sums, squares = _sums(pool[name], half, rng)
        mean = sums / half
        rates.append((mean, (squares / half - mean * mean) / (half - 1)))
    apart, error = rates[1][0] - rates[0][0], np.sqrt(rates[0][1] + rates[1][1])
    return _first((np.abs(apart) > radius(error, scale)) & (half >= LEAST_READERS), looks)


def _interleaved(pool: Mapping[str, Floats], looks: Rows, rng: np.random.Generator) -> float:
    """Return the sessions after which the sequential sign test of the votes decides."""
    for_better, votes_all = _sums(pool["votes"], looks, rng)
    return _first(sign_p_value((votes_all + for_better) / 2, votes_all) < ALPHA, looks)


def _sums(pool: Floats, looks: Rows, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the sum and the sum of squares of values drawn from the pool until each look."""
    values, counts = np.unique(pool, return_counts=True)
    drawn = rng.multinomial(np.diff(looks, prepend=0), counts / counts.sum()).cumsum(axis=0)
    return drawn @ values, drawn @ (values * values)


def _first(decided: Flags, looks: Rows) -> float:
    return float(looks[decided.argmax()]) if decided.any() else float("inf")
