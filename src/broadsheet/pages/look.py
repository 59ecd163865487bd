"""The look of a newsroom's pages: name, logo, labels, images and templates, read from its settings."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.config.filters import PageConfig
from broadsheet.errors import ConfigError
from broadsheet.pages.labels import THOUSANDS, date_in, labels_of
from broadsheet.pages.templates import environment
from broadsheet.text import web_link

if TYPE_CHECKING:
    from datetime import datetime


_KINDS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
_MOST_LOGO_BYTES = 1 << 20
WEB = "web"
"""The folder in the site's folder of templates with those of the service's pages."""
MARKS = ("sponsored", "paywalled")
"""What a page says of an article beside its section, by the settings and labels of these names."""


@dataclass(frozen=True)
class Look:
    """How pages look; by default as Broadsheet's own."""

    name: str = "Broadsheet"
    logo: str = ""
    "Address of the image at the head of the page, which may be a data URI; empty for the name in letters."
    language: str = "en"
    labels: Mapping[str, str] = field(default_factory=lambda: labels_of("en", {}))
    image: str = "image_url"
    "The kept column with the address of an article's image."
    templates: str = ""
    "The folder with the site's own templates, as a text: no template gets a path that it could read or remove."
    details: bool = False
    "Whether a page shows signals, refused drafts and seconds."
    marks: Mapping[str, str] = field(default_factory=dict)
    "By mark, sponsored or paywalled, the kept column that says whether an article has it."

    def marks_of(self, kept: Mapping[str, str]) -> list[str]:
        """Return the marks of an article with these kept columns, in words, such as `sponsored`."""
        return [self.labels[name] for name, column in self.marks.items() if kept.get(column, "").casefold() == "true"]

    def number(self, value: int) -> str:
        """Return a number as the page's language writes it, such as `3,823`, `3.823` or `3 823`."""
        return f"{value:,}".replace(",", THOUSANDS.get(self.language, "\u202f"))

    def day(self, time: datetime) -> str:
        """Return a date with its weekday, such as 'Tuesday, 3 January 2017'."""
        return date_in(self.labels, "day", time)

    def date(self, time: datetime) -> str:
        """Return a date such as '3 January 2017'."""
        return date_in(self.labels, "date", time)

    def render(self, **values: Any) -> str:  # noqa: ANN401
        """Return the page as HTML; the template gets these values and `look`.

        Raises ConfigError if a template of the site's own fails.
        """
        try:
            template = environment("broadsheet.pages", "", self.templates).get_template("page.html")
            return template.render(look=self, labels=self.labels, **values)
        except Exception as error:  # whatever an expression of the site's template raises
            if not self.templates:
                raise
            where = Path(self.templates) / "page.html"
            raise ConfigError(
                f"page.templates: {where}: {type(error).__name__}: {error}. Mend the template."
            ) from error


def read_look(folder: Path, settings: PageConfig) -> Look:
    """Return the look that a newsroom's settings ask for; paths in them are relative to `folder`.

    Raises ConfigError if the logo or the template cannot be read, or a label is wrong.
    """
    look = Look(
        settings.name,
        _logo(folder, settings.logo),
        settings.language,
        labels_of(settings.language, settings.labels),
        settings.image,
        str(folder / settings.templates) if settings.templates else "",
        settings.details,
        {name: column for name in MARKS if (column := getattr(settings, name))},
    )
    if look.templates:
        _check_templates(Path(look.templates))
    return look


def _check_templates(folder: Path) -> None:
    from jinja2 import TemplateError

    if not (folder / "page.html").is_file() and not (folder / WEB).is_dir():
        raise ConfigError(f"page.templates: {folder / 'page.html'}: no such file. Put your template there.")
    for path in [*folder.glob("*.html"), *(folder / WEB).glob("*.html")]:
        try:
            environment("broadsheet.pages", "", str(folder)).parse(path.read_text("utf-8"))
        except (TemplateError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"page.templates: {path}: {error}. Mend the template.") from error


def _logo(folder: Path, logo: str) -> str:
    if not logo or web_link(logo):
        return logo
    path = folder / logo
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"page.logo: found {logo!r}, expected a file with {', '.join(_KINDS)}, or an https address.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"page.logo: {path}: {error.strerror}. Put the image there.") from error
    if len(content) > _MOST_LOGO_BYTES:
        raise ConfigError(f"page.logo: {path} has {len(content):,} bytes, expected {_MOST_LOGO_BYTES:,} at most.")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
