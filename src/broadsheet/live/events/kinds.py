"""The kinds of event, and what each kind has."""

from typing import NamedTuple


class Kind(NamedTuple):
    """The fields of a kind of event beside event_id, user_id and time."""

    needs: tuple[str, ...]
    "Fields without which an event of this kind is refused."
    takes: tuple[str, ...] = ()
    "Fields that an event of this kind may have."


OF_PAGES = (
    *("edition", "policy", "policy_version", "seed", "experiment", "arm", "region"),
    *("propensity", "conditional", "explored"),
)
PLACE = ("page_id", "slot", "news_id", "region")
"""Where an act happened: the article, and the page and the slot if it was on a page."""
_ACT = Kind((), PLACE)

KINDS = {
    "page": Kind(("page_id", "shown"), (*OF_PAGES, "seconds")),
    "view": Kind(("page_id",), ("slot", "news_id", "region", "seconds")),
    "click": _ACT,
    "dwell": Kind(("seconds",), PLACE),
    "scroll": Kind(("scroll",), PLACE),
    **dict.fromkeys(("like", "dislike", "comment", "share", "save", "hide", "report"), _ACT),
    "follow": Kind(("field", "value"), ("page_id", "region")),
    "mute": Kind(("field", "value"), ("page_id", "region")),
    "undo": Kind(("undoes",)),
}
FOLLOWED = ("category", "subcategory", "source", "topic")
"""What a reader can follow."""
MUTED = ("category", "source")
"""What a reader can mute."""
ANONYMOUS = ("page", "view", "click", "dwell", "scroll", "share", "undo")
"""Kinds that count also if the site does not know the reader; any other kind speaks of the reader alone."""
