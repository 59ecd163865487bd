"""What a request says of how its pages are drawn: their ids, and how many slots of each are open to exploration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from broadsheet.errors import InputError
from broadsheet.newsroom.given import shown, whole_number
from broadsheet.pipeline.explored_slots import ExploredSlots
from broadsheet.readers.state import ReaderState
from broadsheet.workbench.exploring import LastClickRates, exploration_of, make_explorer
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.exploration.page import ExploredPage
    from broadsheet.rerank.explored import Explorer

LONGEST_ID = 200
Drawn = Mapping[str, "ExploredPage"]
"""The pages that were drawn, by user id."""


@dataclass(frozen=True)
class Draw:
    """What a request says of how its pages are drawn; by default, nothing."""

    page_id: str = ""
    "The id of the page of a single reader; empty for a new id."
    policy_version: str = ""
    "The version of the policy that has to make the page; empty for that of the settings."
    explored_today: int | None = None
    "Explored slots of the reader's pages of today; None for those that this process made or any process logged."


def given_draw(page_id: object, policy_version: object, explored_today: object) -> Draw:
    """Return what a caller says of the draw of a page; None stands for what is not said. Raises InputError."""
    for name, value in (("page_id", page_id), ("policy_version", policy_version)):
        is_text = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()
        if value is not None and not is_text:
            raise InputError(f"{name}: found {shown(value)}, expected 1 to {LONGEST_ID} printable characters.")
    count = None
    if explored_today is not None:
        expected = "the number of explored slots of the reader's pages of today, 0 or more"
        count = whole_number(explored_today, "explored_today", expected)
        if count < 0:
            raise InputError(f"explored_today: found {count}, expected {expected}.")
    return Draw(str(page_id or ""), str(policy_version or ""), count)


class Draws:
    """The draws of a process, within the budget of each reader's day; safe to call from several threads."""

    def __init__(self, explored: ExploredSlots) -> None:
        self._explored, self._rates = explored, LastClickRates()

    def page_draws(
        self, bench: Workbench, readers: Sequence[ReaderState], as_of: datetime, places: int, draw: Draw
    ) -> PageDraws:
        """Return the draws of the pages of some readers by the settings of a workbench.

        Raises InputError if the draw names a version of a policy that the settings do not give.
        """
        exploration = exploration_of(bench.models.config.exploration)
        ids = {reader.user_id: draw.page_id or new_id() for reader in readers}
        if draw.policy_version:
            budgets = dict.fromkeys(ids, exploration.budget_of(draw.policy_version))
        else:
            explores = exploration.policy != "none" and draw.explored_today is None
            today = self._explored([*ids]) if explores else dict.fromkeys(ids, draw.explored_today or 0)
            budgets = {user_id: exploration.budget(count) for user_id, count in today.items()}
        versions = {user_id: exploration.under(budget).version for user_id, budget in budgets.items()}
        explorer = make_explorer(bench, as_of, places, ids, budgets, self._rates)
        counts = not draw.policy_version and draw.explored_today is None
        return PageDraws(ids, versions, explorer, counts)

    def count(self, draws: PageDraws) -> None:
        """Count the explored slots of pages, unless the caller counts or the pages were shown before."""
        if draws.counts:
            for user_id in draws.pages:
                self._explored.add(user_id, draws.page_ids[user_id], draws.explored(user_id))


@dataclass(frozen=True)
class PageDraws:
    """The draws of the pages of one request."""

    page_ids: dict[str, str]
    "The id of each reader's page, by user id."
    versions: dict[str, str]
    "The version of the policy of each reader's page, by user id."
    explorer: Explorer | None
    "Draws the pages; None if nothing is explored."
    counts: bool
    "Whether the explored slots count for the reader's day."

    @property
    def pages(self) -> Drawn:
        """What was drawn, by user id; empty if nothing is explored."""
        return {} if self.explorer is None else self.explorer.pages

    def about(self, user_id: str) -> dict[str, Any]:
        """Return what a reader's page says of its draw, as fields of Page."""
        policy = "none" if self.explorer is None else self.explorer.exploration.policy
        return about_page(self.page_ids[user_id], policy, self.versions[user_id], self.explored(user_id))

    def explored(self, user_id: str) -> int:
        """Return how many slots of a reader's page have another article than the best left."""
        return int(self.pages[user_id].explored.sum()) if user_id in self.pages else 0


def about_page(page_id: str, policy: str = "none", version: str = "", explored: int = 0) -> dict[str, Any]:
    """Return what a page says of its draw, as fields of Page."""
    from broadsheet.rerank.exploration.seeds import page_seed

    of_draw = {"policy": policy, "policy_version": version, "seed": page_seed(page_id), "explored": explored}
    return {"page_id": page_id, **of_draw}


def new_id() -> str:
    """Return the id of a new page, which no other page has: 32 hex digits."""
    return uuid4().hex
