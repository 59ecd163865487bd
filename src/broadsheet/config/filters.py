"""The settings of pages: what is left out, pinned, lifted or counted, by a column of the articles, and the look."""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from broadsheet.config.section import Count, Lift, SettingsError, problems_of, section
from broadsheet.errors import InputError, join_problems


def _values(value: Any) -> list[str]:  # noqa: ANN401
    """Return one value or several as texts: true and false are those of JSON, as in the column `kept`."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str | bool | int) for one in values):
        raise ValueError('a value or a list of values, such as ["true"]; an empty text stands for an unknown value')
    return [one if isinstance(one, str) else json.dumps(one) for one in values]


Values = Annotated[list[str], BeforeValidator(_values)]
"""Values of one column, as texts."""


@section
class QuotaConfig:
    """How many articles with one value a page has."""

    least: Count = 0
    "Fewest on a page of k articles; there are fewer if the reader may be shown fewer. At night a page has ten."
    most: Count = 0
    "Most on a page; 0 for any number. More come only where no other article is left."

    def __post_init__(self) -> None:
        """Raise SettingsError if the fewest are more than the most."""
        if self.most and self.least > self.most:
            raise SettingsError({"least": f"found {self.least}, expected at most {self.most}, the value of `most`"})


@section
class SlotConfig:
    """The slot that an editor gives to an article."""

    slot: Annotated[int, Field(ge=1, le=1000)] = 1
    "The place on the page: 1 is the top. If two articles have the same slot, the article named last gets it."
    categories: list[str] = field(default_factory=list)
    """Only readers of one of these categories see it there: at least a fifth of what they read is in the category, or
    their own words name it. Without categories, all readers do."""


@section
class FiltersConfig:
    """What pages hold, by any kept column, or by category, subcategory, source, language or news_id.

    Upper and lower case are the same, except in news_id. An empty text stands for articles without a value.
    """

    exclude: dict[str, Values] = field(default_factory=dict)
    'Articles that are never shown: `exclude = { paywall = "true" }`.'
    only: dict[str, Values] = field(default_factory=dict)
    'The only articles that are shown: `only = { language = ["en", "da"] }`. Of several columns, all must fit.'
    pins: dict[str, Values] = field(default_factory=dict)
    'Articles that come first: `pins = { news_id = "N1" }`. A reader who read, hid or muted one does not see it.'
    slots: dict[str, SlotConfig] = field(default_factory=dict)
    """Articles in a slot, by news_id: `slots.N1 = { slot = 3 }`. Neither limits nor exploration move them. A reader who
    read, hid or muted an article does not see it."""
    quotas: dict[str, dict[str, QuotaConfig]] = field(default_factory=dict)
    "Fewest and most articles on a page: `quotas.format.video = { least = 1, most = 3 }`."
    boosts: dict[str, dict[str, Lift]] = field(default_factory=dict)
    """What articles are lifted by, or lowered by below 0: `boosts.author.Ann = 0.2`. 1 is the distance from the worst
    candidate of a reader to the best."""


def read_filters(filters: FiltersConfig | Mapping[str, Any] | None) -> FiltersConfig:
    """Return the filters of a request, given as in section [filters] of broadsheet.toml; None means no filters.

    Raises InputError that names all that is wrong.
    """
    if filters is None or isinstance(filters, FiltersConfig):
        return filters or FiltersConfig()
    if not isinstance(filters, Mapping):
        raise InputError(
            f"filters: found {filters!r:.80}, expected a mapping such as {{'exclude': {{'paywall': 'true'}}}}."
        )
    try:
        return TypeAdapter(FiltersConfig).validate_json(json.dumps(filters, default=_plain))
    except ValidationError as error:
        raise InputError(f"filters: {join_problems(list(problems_of(error, FiltersConfig)))}.") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"filters: {error}. Expected texts, numbers, lists and mappings, as in [filters].") from error


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a set or tuple as a list, and a value of numpy as that of Python."""
    return (
        sorted(value) if isinstance(value, set | frozenset) else value.item() if hasattr(value, "item") else str(value)
    )


@section
class PageConfig:
    """How a page looks. Paths are relative to the newsroom's folder."""

    name: str = "Broadsheet"
    "The name at the head of the page."
    logo: str = ""
    "An image at the head in place of the name: a file (PNG, JPEG, GIF, WebP or SVG), or an https address."
    language: str = "en"
    "The language of labels and dates: en, da, de or fr. For another language, [page.labels] has all labels."
    labels: dict[str, str] = field(default_factory=dict)
    'Labels of your own, by name, such as `why = "Chosen since"`; see the how-to on the look of a page.'
    image: str = "image_url"
    "The kept column with the address of an article's image; an article without an address has no image."
    sponsored: str = ""
    'The kept column that says whether an article is sponsored ("true"): the page marks it. Empty for no mark.'
    paywalled: str = ""
    "The same for an article behind a paywall."
    templates: str = ""
    "A folder with a jinja2 template page.html of your own, which may extend broadsheet.html."
    details: bool = False
    "Whether readers see the signals of each story, refused drafts and the seconds that the page took."
