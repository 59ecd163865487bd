"""The kinds of orders that an editor gives, and the bounds of what each holds."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from broadsheet.text import has_controls, has_invisible

FORM = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
MOST_SLOTS = 100
"""The lowest slot that an editor can give to an article; a page seldom has as many."""


def _plain(text: str) -> str:
    if has_controls(text) or has_invisible(text):
        raise ValueError("found a control character, or a character that nobody sees, expected plain text")
    return unicodedata.normalize("NFC", text)


def _in_years(time: datetime) -> datetime:
    if not 1970 <= time.year <= 2200:
        raise ValueError("found another year, expected a time from 1970 to 2200")
    return time.astimezone(UTC)


Time = Annotated[AwareDatetime, AfterValidator(_in_years)]
NewsId = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class Pin(BaseModel):
    """An article stands in a slot."""

    model_config = FORM
    kind: Literal["pin"] = "pin"
    news_id: NewsId
    slot: int = Field(default=1, ge=1, le=MOST_SLOTS, description="The place on the page, 1 is the top.")
    category: Annotated[str, Field(max_length=200), AfterValidator(_plain)] = Field(
        default="", description="Only readers of this category see it there; empty for all readers."
    )


class Bury(BaseModel):
    """An article is on no reader's page, in no list and in no answer; its own page is still there."""

    model_config = FORM
    kind: Literal["bury"] = "bury"
    news_id: NewsId


class Embargo(BaseModel):
    """An article is shown nowhere until a time; or at once, whatever its publisher said."""

    model_config = FORM
    kind: Literal["embargo"] = "embargo"
    news_id: NewsId
    until: Time | None = Field(default=None, description="Null: the article has no embargo.")
    was: Time | None = Field(default=None, description="The publisher's embargo, which the service notes.")


class Boost(BaseModel):
    """Articles with a value in a column are lifted, or lowered by a number below 0."""

    model_config = FORM
    kind: Literal["boost"] = "boost"
    column: Name = Field(description="category, subcategory, source, language, news_id or a kept column, such as tags.")
    value: Name
    lift: float = Field(ge=-2, le=2, description="1 is the distance from a reader's worst candidate to the best.")


class Cap(BaseModel):
    """A page has at most some articles with a value in a column, such as sponsored articles."""

    model_config = FORM
    kind: Literal["cap"] = "cap"
    column: Name
    value: Name
    most: int = Field(ge=1, le=100)


class Rewrite(BaseModel):
    """An article has a headline and a summary of the editor's."""

    model_config = FORM
    kind: Literal["rewrite"] = "rewrite"
    news_id: NewsId
    content_hash: str = Field(
        pattern="^[0-9a-f]{16}$", description="Of the text that the editor read; the words hold for this text alone."
    )
    headline: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_plain)]
    summary: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] = ""


class Knobs(BaseModel):
    """Settings of the ranking over those of broadsheet.toml; null leaves a setting as it is there."""

    model_config = FORM
    kind: Literal["knobs"] = "knobs"
    diversity: float | None = Field(default=None, ge=0, le=1, description="[rerank] diversity.")
    freshness: float | None = Field(default=None, ge=0, le=10, description="[rerank.weights] freshness.")
    popularity: float | None = Field(default=None, ge=0, le=10, description="[rerank.weights] popularity.")
    exploration: int | None = Field(
        default=None, ge=0, le=10, description="[exploration] slots; 0 turns exploration off."
    )


KINDS: dict[str, type[BaseModel]] = {
    "pin": Pin,
    "bury": Bury,
    "embargo": Embargo,
    "boost": Boost,
    "cap": Cap,
    "rewrite": Rewrite,
    "knobs": Knobs,
}
"""What each kind of order holds."""
What = Pin | Bury | Embargo | Boost | Cap | Rewrite | Knobs

_TARGET = {"boost": ("column", "value"), "cap": ("column", "value"), "knobs": ()}


class Order(BaseModel):
    """An order with its time. An editor who orders the same of the same thing again changes the order."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    what: Annotated[What, Field(discriminator="kind")]
    starts: Time | None = Field(default=None, description="When it begins; null for at once.")
    ends: Time | None = Field(default=None, description="When it ends; null for never.")

    @model_validator(mode="after")
    def _in_order(self) -> Order:
        if self.starts and self.ends and self.starts >= self.ends:
            raise ValueError("ends: found a time that is not after starts, expected a later time")
        if isinstance(self.what, Embargo) and (self.starts or self.ends):
            raise ValueError("starts, ends: found a time for an embargo, expected null: an embargo ends at its until")
        return self

    @property
    def order_id(self) -> str:
        """16 hex digits, of the kind and what it is about."""
        about = [str(getattr(self.what, name)) for name in _TARGET.get(self.what.kind, ("news_id",))]
        return hashlib.sha256("\n".join([self.what.kind, *about]).encode()).hexdigest()[:16]

    @property
    def news_id(self) -> str:
        """The article that it is about; empty for an order about no single article."""
        return str(getattr(self.what, "news_id", ""))

    def holds(self, now: datetime) -> bool:
        """Return whether the order is in force at a time."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)

    def __str__(self) -> str:
        times = [f"{word} {_minute(time)}" for word, time in (("from", self.starts), ("until", self.ends)) if time]
        return " ".join([_sentence(self.what), *times])


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _sentence(what: What) -> str:
    match what:
        case Pin():
            readers = f"for readers of {what.category}" if what.category else "for all readers"
            return f"Pin {what.news_id} to slot {what.slot} {readers}"
        case Bury():
            return f"Bury {what.news_id}"
        case Embargo():
            return (
                f"Embargo {what.news_id} until {_minute(what.until)}" if what.until else f"No embargo on {what.news_id}"
            )
        case Boost():
            return f"Boost {what.column} = {what.value} by {what.lift:+g}"
        case Cap():
            return f"At most {what.most} of {what.column} = {what.value} on a page"
        case Rewrite():
            return f"Rewrite {what.news_id}: {what.headline}"
    given = {name: value for name, value in what.model_dump(exclude={"kind"}).items() if value is not None}
    return "Knobs: " + (", ".join(f"{name} {value:g}" for name, value in given.items()) or "all as in the settings")
