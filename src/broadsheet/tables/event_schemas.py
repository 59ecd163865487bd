"""The Arrow table of what readers do: the pages that they are shown, and each view, click and other act."""

import pyarrow as pa

from broadsheet.tables.fields import IDS, TIME, added, list_of, new_field, new_table


def _known(name: str, kind: pa.DataType, doc: str) -> pa.Field:
    """Return a field that is null for the kinds of event that have no such value."""
    return new_field(name, kind, doc, nullable=True)


HELD = "events"
"""Stamp of a table clicks, or of impressions: the number of the last event in it; without the stamp there is none."""


def held_in(table: pa.Table) -> int:
    """Return the number of the last event in a table clicks or impressions that was read; 0 without an event."""
    return int((table.schema.metadata or {}).get(HELD.encode(), 0))


EVENTS = new_table(
    "events",
    2,
    [
        new_field(
            "sequence",
            pa.int64(),
            "1, 2, 3 … in the order in which events came to be seen: no event is seen later with a lower number.",
        ),
        new_field("received", TIME, "When the event store took the event, UTC, by the clock of the store's machine."),
        new_field("event_id", pa.string(), "The sender's id of the event; an event that is sent again is there once."),
        new_field(
            "kind",
            pa.string(),
            "page, or what the reader did: view, click, dwell, scroll, like, dislike, comment, share, save, hide, "
            "report, follow, mute or undo; or forgotten, with nothing else, where the reader was forgotten.",
        ),
        new_field("user_id", pa.string(), "A reader; empty if the site does not know the reader."),
        new_field("time", TIME, "When it happened, UTC, by the sender's clock."),
        _known("page_id", pa.string(), "The page on which it happened; null if the act belongs to no page."),
        _known("slot", pa.int32(), "The article's place on that page, 1 is the top; null without a page."),
        _known("news_id", pa.string(), "The article; null for a page, and for a follow or a mute."),
        _known(
            "seconds",
            pa.float32(),
            "Of a view: how long the slot was in sight; of a dwell: the time of reading; of a page: its making.",
        ),
        _known("scroll", pa.float32(), "Of a scroll: how far down the article the reader came, 0 (top) to 1 (end)."),
        _known("field", pa.string(), "Of a follow or a mute: category, subcategory, source or topic."),
        _known("value", pa.string(), "Of a follow or a mute: which category, subcategory, source or topic."),
        _known(
            "undoes",
            pa.string(),
            "Of an undo: the event_id of the event that it takes back. The undo has that event's page, slot, article, "
            "field and value.",
        ),
        _known("edition", pa.string(), "Of a page: the edition that made it."),
        _known("policy", pa.string(), "Of a page: the name of the policy that chose its order."),
        _known("policy_version", pa.string(), "Of a page: the version of that policy, code and settings."),
        _known("seed", pa.int64(), "Of a page: the seed of the policy's random choices."),
        _known("experiment", pa.string(), "Of a page: the experiment that the reader is in."),
        _known("arm", pa.string(), "Of a page: the reader's arm of that experiment."),
        _known("region", pa.string(), "Where the reader is, in the site's own words; an act has its page's region."),
        _known("shown", IDS, "Of a page: its articles, the top first."),
        _known(
            "propensity",
            list_of(pa.float64()),
            "Of a page: the probability of each article of `shown` to be in its slot, whatever is above it.",
        ),
        _known(
            "conditional",
            list_of(pa.float64()),
            "Of a page: the probability of each article of `shown` to be in its slot, given the slots above it; the "
            "product is the probability of the page.",
        ),
        added(
            "explored",
            pa.int32(),
            2,
            "Of a page: how many of its slots the policy gave to another article than the best left",
        ),
    ],
)
