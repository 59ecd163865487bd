"""The settings of what readers' acts are worth: for the popularity of an article, and in a reader's history."""

from dataclasses import field
from typing import Annotated

from pydantic import Field

from broadsheet.config.section import MOST, Amount, Lift, SettingsError, section


@section
class ActsInPopularity:
    """What each act of any reader adds to the signals `popularity` and `trend` of its article; 0 for nothing.

    A sum below 0 counts as 0. For example, with share = 3 an article that was shared once counts like an article that
    was clicked three times.
    """

    click: Lift = 1.0
    "A click."
    like: Lift = 1.0
    "A like."
    comment: Lift = 1.0
    "A comment."
    share: Lift = 1.0
    "A share."
    save: Lift = 1.0
    "A save."
    hide: Lift = 0.0
    "A hide; a number below 0 lowers the article."
    dislike: Lift = 0.0
    "A dislike; a number below 0 lowers the article."
    report: Lift = 0.0
    "A report; a number below 0 lowers the article."
    long_read: Lift = 1.0
    "How many times an act of reading counts once its read was long: 2 for twice."
    short_read: Lift = 1.0
    "How many times an act of reading counts once its read was short: 0 takes it back, -1 lowers the article."
    half_life_hours: Annotated[float, Field(ge=0.01, le=MOST)] = 6.0
    "Age at which an act counts one half in `popularity`. Of 2 to 168 hours, 6 found the most clicks on MIND."


@section
class ActsInHistory:
    """How much each article of a history counts for the reader's vector and affinities, by the reader's acts.

    By the defaults all articles of a history count the same. Of several acts on an article the one that counts most
    decides, and a long or a short read multiplies it: with like = 3 and long_read = 2, an article that was clicked,
    liked and read for long counts six times.
    """

    click: Amount = 1.0
    "How many times an article counts that was clicked, or of which no act is known."
    like: Amount = 1.0
    "How many times an article counts that was liked."
    comment: Amount = 1.0
    "How many times an article counts that was commented on."
    share: Amount = 1.0
    "How many times an article counts that was shared."
    save: Amount = 1.0
    "How many times an article counts that was saved."
    hide: Amount = 1.0
    """What multiplies the count of an article that was read, and also hidden, disliked or reported: 0 leaves it out."""
    long_read: Amount = 1.0
    "How many times an article counts that was read for long: 2 for twice."
    short_read: Amount = 1.0
    "How many times an article counts whose read was short: 0 leaves it out."
    half_life_days: Amount = 0.0
    """Age of a read at which the article counts one half; 0 for no difference by age. An article whose time of reading
    is not known counts like the oldest one of the history."""


@section
class ActsConfig:
    """What readers' acts are worth: a click, a like, a long read, a hide."""

    long_read_seconds: Amount = 60.0
    "Least seconds of a long read."
    short_read_seconds: Amount = 5.0
    "A read that lasted less than these seconds is short."
    popularity: ActsInPopularity = field(default_factory=ActsInPopularity)
    history: ActsInHistory = field(default_factory=ActsInHistory)

    def __post_init__(self) -> None:
        """Raise SettingsError if a read could be both short and long."""
        if self.short_read_seconds > self.long_read_seconds:
            problem = (
                f"found {self.short_read_seconds:g}, expected at most long_read_seconds ({self.long_read_seconds:g})"
            )
            raise SettingsError({"short_read_seconds": problem})
