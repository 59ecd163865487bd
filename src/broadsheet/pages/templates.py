"""Templates of pages: ours, and before them the site's own. Every value is escaped, and no template has more to use.

Ours are also there as `broadsheet/NAME`, which no template of a site replaces: so a site's template can extend ours.
The page that is a file is `broadsheet.html` too.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from broadsheet.text import html_value

if TYPE_CHECKING:
    from jinja2 import Environment

DOCUMENT = "document.html"
"""What every page of HTML begins and ends with."""


@lru_cache(maxsize=32)
def environment(package: str, folder: str = "", own: str = "") -> Environment:
    """Return the environment of the templates in a folder of a package; `own` is the folder of the site's own.

    A name that a template uses and that has no value is an error, in place of an empty text.
    """
    from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    places = [place for place in (files(package) / folder).iterdir() if place.name.endswith(".html")]
    ours = {place.name: place.read_text("utf-8") for place in places}
    document = (files("broadsheet.pages") / DOCUMENT).read_text("utf-8")
    lasting = {f"broadsheet/{name}": text for name, text in {**ours, DOCUMENT: document}.items()}
    if "page.html" in ours:
        lasting["broadsheet.html"] = ours["page.html"]
    loaders = [DictLoader(lasting), *([FileSystemLoader(own)] if own else []), DictLoader(ours)]
    return SandboxedEnvironment(
        finalize=html_value,
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
