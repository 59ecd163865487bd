"""Where events happened: what is known of their pages, and whether an event fits its page and what it takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from broadsheet.live.events.checks import found
from broadsheet.live.events.known import KnownPage
from broadsheet.live.events.limits import BEFORE_PAGE
from broadsheet.tables.values import SkipRow

UNKNOWN_PAGE, UNKNOWN_ARTICLE, UNKNOWN_EVENT = "unknown page", "unknown article", "undoes an unknown event"

Event = dict[str, Any]
_TAKEN_OVER = ("page_id", "slot", "news_id", "field", "value", "region")
"""What an undo has from the event that it takes back."""


def page_of(event: Mapping[str, Any]) -> KnownPage:
    """Return what the event of a page says that acts on the page are judged by."""
    return KnownPage(event["user_id"], event["time"], tuple(event["shown"]), event.get("region"))


def check_page(page: Event, unknown: set[str]) -> None:
    """Raise SkipRow if a page shows an article that is among the unknown."""
    if unknown:
        strange = [news_id for news_id in page["shown"] if news_id in unknown]
        if strange:
            raise SkipRow(UNKNOWN_ARTICLE, f"found {found(strange[0])} on page {found(page['page_id'])}")


def check_place(act: Event, pages: Mapping[str, KnownPage], strange: set[str]) -> None:
    """Fill in the article, the slot and the region of an act that its page knows.

    `strange` are the unknown articles of acts without a page. Raises SkipRow if the act does not fit its page.
    """
    if "page_id" not in act:
        if act.get("news_id") in strange:
            raise SkipRow(UNKNOWN_ARTICLE, f"found {found(act['news_id'])} in a {act['kind']}")
        return
    page = pages.get(act["page_id"])
    if page is None:
        raise SkipRow(UNKNOWN_PAGE, f"found {found(act['page_id'])} in a {act['kind']}")
    if page.user_id and act["user_id"] and page.user_id != act["user_id"]:
        raise SkipRow("on another reader's page", f"found {found(act['user_id'])} on {found(act['page_id'])}")
    if page.time - act["time"] > BEFORE_PAGE:
        raise SkipRow(
            "before its page",
            f"found a {act['kind']} at {act['time']:%Y-%m-%d %H:%M:%S}, its page was shown at "
            f"{page.time:%Y-%m-%d %H:%M:%S}",
        )
    if page.region is not None:
        act.setdefault("region", page.region)
    if "slot" in act or "news_id" in act:
        _fit(act, page.shown)


def _fit(act: Event, shown: Sequence[str]) -> None:
    """Check slot and article of an act against its page, and fill in the one of them that is missing."""
    if "slot" not in act:
        if act["news_id"] not in shown:
            raise SkipRow("article is not on its page", f"found {found(act['news_id'])} on {found(act['page_id'])}")
        act["slot"] = shown.index(act["news_id"]) + 1
    elif act["slot"] > len(shown):
        raise SkipRow(
            "no such slot on its page", f"found slot {act['slot']} of {len(shown)} on page {found(act['page_id'])}"
        )
    elif act.setdefault("news_id", shown[act["slot"] - 1]) != shown[act["slot"] - 1]:
        raise SkipRow(
            "another article is in this slot",
            f"found {found(act['news_id'])} in slot {act['slot']}, where {found(shown[act['slot'] - 1])} is",
        )


def check_undo(undo: Event, undone: Mapping[str, Mapping[str, Any]]) -> None:
    """Fill in where what an undo takes back happened; raises SkipRow if the undo cannot take it back."""
    event = undone.get(undo["undoes"])
    if event is None:
        raise SkipRow(UNKNOWN_EVENT, f"found {found(undo['undoes'])}")
    if event["user_id"] != undo["user_id"]:
        raise SkipRow("undoes another reader's event", f"found {found(undo['undoes'])} by {found(undo['user_id'])}")
    if event["kind"] in ("page", "undo"):
        raise SkipRow("undoes a page or an undo", f"found {found(undo['undoes'])}, a {event['kind']}")
    for name in _TAKEN_OVER:
        if event.get(name) is not None:
            undo[name] = event[name]
