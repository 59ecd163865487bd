"""The settings of imports and of `add`: how values of a publisher's files are read."""

from dataclasses import field
from datetime import UTC, tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from broadsheet.config.section import section

Event = Literal["click", "like", "comment", "share", "save", "hide", "dislike", "report"]
"""What a reader may do with an article."""


def _known_zone(name: str) -> str:
    try:
        zone_of(name)
    except (ValueError, OSError):  # an unknown zone, a path, a folder of zones
        raise ValueError("the name of a time zone, such as Europe/Berlin") from None
    return name


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name; UTC needs no time zone database on the machine."""
    return UTC if name == "UTC" else ZoneInfo(name)


@section
class ImportsConfig:
    """How an import and `add` read values."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    "The zone of times that name no zone, such as Europe/Berlin. A day without a time is its midnight there."
    html: Literal["clean", "keep"] = "clean"
    'Tags in the texts of articles. "clean": taken out, with paragraphs and line breaks kept. "keep": left as they are.'
    events: dict[str, Event] = field(default_factory=dict)
    """What the events of a click log mean that have other names here, such as `view = "click"`: click, like, comment,
    share, save, hide, dislike or report. Upper and lower case are the same."""
