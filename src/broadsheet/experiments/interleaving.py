"""Two rankers on one page: team-draft interleaving, which tells them apart with far fewer readers than two arms.

Radlinski, Kurup and Joachims 2008, "How does clickthrough data reflect retrieval quality?" (CIKM). In each round a coin
says which ranker first puts its best article that is not on the page yet; then the other does. A click is a vote for
the ranker that put the article. An article that both would put next is a vote for neither: the coin alone says who put
it (Chapelle et al. 2012, "Large-scale validation and analysis of interleaved search evaluation", TOIS).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

FIRST, SECOND, BOTH = "1", "2", "-"
"""Who put an article: the first ranker, the second, or either."""
DRAWN = 12
"""Slots that are drawn by coins. Behind them the rankers take turns, so that the probability of each article in each
slot can be added up over all coins."""


class Draft(NamedTuple):
    """An interleaved page."""

    order: list[str]
    "The articles, the top first."
    teams: str
    "For each slot of the first DRAWN who put its article: FIRST, SECOND or BOTH."

    def with_fixed(self, slot: int, news_id: str) -> Draft:
        """Return the page with an article that an editor set into a slot, 1 the top: a click on it is no vote."""
        place = slot - 1
        order = [*self.order[:place], news_id, *self.order[place:]]
        teams = self.teams if place > len(self.teams) else self.teams[:place] + BOTH + self.teams[place:]
        return Draft(order, teams)


Alike = Mapping[str, Collection[str]]
"""The articles of which a page should have only one with the article of the key, such as of the same event."""
NOTHING_ALIKE: Alike = {}


def team_draft(first: Sequence[str], second: Sequence[str], k: int, seed: int, alike: Alike = NOTHING_ALIKE) -> Draft:
    """Return the page of two rankings, of k articles or fewer; the same for the same seed in every process.

    Articles that are alike to an article above come after all others.
    """
    order, teams = list[str](), list[str]()
    for coin in _coins(seed, _rounds(k)):
        picks = [_round(first, second, order, way, alike) for way in (0, 1)]
        for news_id, team in picks[coin].items():
            teams.append(team if picks[1 - coin].get(news_id, team) == team else BOTH)
        order += picks[coin]
    order = _whole(first, second, order, k, alike)
    return Draft(order, "".join(teams)[: len(order)])


def draft_probabilities(
    first: Sequence[str], second: Sequence[str], order: Sequence[str], alike: Alike = NOTHING_ALIKE
) -> tuple[list[float], list[float]]:
    """Return for each slot of an interleaved page the probability of its article, and the same given the slots above.

    The first list adds over all coins (`propensity`); the product of the second is the page's probability
    (`conditional`).
    """
    pages: dict[tuple[str, ...], float] = {(): 1.0}
    for _ in range(_rounds(len(order))):
        longer: dict[tuple[str, ...], float] = {}
        for page, chance in pages.items():
            for coin in (0, 1):
                after = (*page, *_round(first, second, page, coin, alike))
                longer[after] = longer.get(after, 0.0) + chance / 2
        pages = longer
    whole = [(tuple(_whole(first, second, list(page), len(order), alike)), chance) for page, chance in pages.items()]
    reached = [
        sum(chance for page, chance in whole if page[:slot] == tuple(order[:slot])) for slot in range(len(order) + 1)
    ]
    marginal = [sum(chance for page, chance in whole if page[slot] == news_id) for slot, news_id in enumerate(order)]
    return marginal, [after / before for before, after in pairwise(reached)]


def votes(teams: str, clicked: Iterable[int]) -> int:
    """Return the votes for the second ranker less those for the first, of the clicked slots (1 is the top)."""
    found = [teams[slot - 1] for slot in clicked if slot <= len(teams)]
    return found.count(SECOND) - found.count(FIRST)


def _rounds(k: int) -> int:
    return (min(k, DRAWN) + 1) // 2


def _round(
    first: Sequence[str], second: Sequence[str], above: Collection[str], coin: int, alike: Alike
) -> dict[str, str]:
    """Return the articles that a round puts, in order, each with its team; the second ranker begins if coin is 1."""
    rankings = [(first, FIRST), (second, SECOND)][:: -1 if coin else 1]
    for is_strict in (True, False):  # a ranker that has only articles alike to others passes, while the other has more
        put: dict[str, str] = {}
        for ranking, team in rankings:
            there = {*above, *put}
            left = (news_id for news_id in ranking if news_id not in there)
            best = next((one for one in left if not is_strict or there.isdisjoint(alike.get(one, ()))), None)
            if best is not None:
                put[best] = team
        if put:
            return put
    return {}


def _whole(first: Sequence[str], second: Sequence[str], order: list[str], k: int, alike: Alike) -> list[str]:
    """Return the page with its last slots, for which the rankers take turns, cut to k articles."""
    while len(order) < k and (put := _round(first, second, order, 0, alike)):
        order = [*order, *put]
    return order[:k]


def _coins(seed: int, count: int) -> list[int]:
    digest = sha256(f"team draft {seed}".encode()).digest()
    return [digest[number // 8] >> number % 8 & 1 for number in range(count)]
