"""Finding a site's own function by the name that its broadsheet.toml gives: "package.module:function".

This is the only place that imports a module by a name from a file, and the name comes from the site's own settings file
alone: never from a table, a model's folder, a request or an edition.
"""

import importlib
import re
from collections.abc import Callable
from typing import Any

from broadsheet.errors import ConfigError

_NAME = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)", re.ASCII)


def load_part(name: str, setting: str) -> Callable[..., Any]:
    """Return the function that a setting names, such as "my_site.parts:near_region".

    Raises ConfigError, which names the setting, if the name has another form, if the module cannot be imported, or if
    there is nothing in it by that name that can be called.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ConfigError(
            f'{setting}: found "{name}", expected "package.module:function", such as "my_site.parts:new".'
        )
    try:
        module = importlib.import_module(found["module"])
    except (Exception, SystemExit) as error:  # whatever the site's own module raises while it is imported
        raise ConfigError(
            f'{setting}: found "{name}", but {found["module"]} cannot be imported ({type(error).__name__}: {error}). '
            "Install it into the Python environment that runs Broadsheet, or add its folder to PYTHONPATH."
        ) from error
    part = getattr(module, found["function"], None)
    if not callable(part):
        what = "is not a function" if part is not None else "is not there"
        where = getattr(module, "__file__", None) or found["module"]  # sys and such have no file
        raise ConfigError(
            f'{setting}: found "{name}", but {found["function"]} {what} in {where}. Name a function of this module.'
        )
    function: Callable[..., Any] = part
    return function
