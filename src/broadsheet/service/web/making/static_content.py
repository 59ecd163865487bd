"""The style and the scripts of the readers' pages, each under an address that names its content."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from broadsheet.errors import ConfigError
from broadsheet.pages.look import WEB, Look
from broadsheet.service.serving.stored_pages import Stored

SITE_STYLE = "site.css"
"""The site's own style, in the folder of its templates for the service's pages."""
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> Stored:
    """Return one of our static files as it is sent."""
    body = (files("broadsheet.service.web") / "static" / name).read_bytes()
    return Stored.of(body, KINDS[name.rpartition(".")[2]])


def site_style(look: Look) -> Stored | None:
    """Return the style among the site's own templates, or None; raises ConfigError if it cannot be read."""
    path = Path(look.templates, WEB, SITE_STYLE)
    if not look.templates or not path.is_file():
        return None
    try:
        return Stored.of(path.read_bytes(), KINDS["css"])
    except OSError as error:
        raise ConfigError(f"page.templates: {path}: {error.strerror}.") from error


def address_of(name: str, file: Stored) -> str:
    """Return the address of a static file; a file with another content has another address."""
    return f"/static/{name}?v={file.etag[1:13]}"
