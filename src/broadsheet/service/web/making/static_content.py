"""The style and the scripts of the readers' pages, each under an address that names its content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from broadsheet.service.serving.stored_pages import Stored

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> Stored:
    """Return one of our static files as it is sent."""
    body = (files("broadsheet.service.web") / "static" / name).read_bytes()
    return Stored.of(body, KINDS[name.rpartition(".")[2]])


@cache
def address_of(name: str) -> str:
    """Return the address of a static file; a file with another content has another address."""
    return f"/static/{name}?v={hashlib.sha256(content(name).body).hexdigest()[:12]}"
