"""Names of keys and users, as people give them."""

from __future__ import annotations

from broadsheet.errors import InputError
from broadsheet.newsroom.given import shown
from broadsheet.text import has_controls, has_invisible

LONGEST = 100
"""Most characters of a name."""


def checked_name(name: str, what: str) -> str:
    """Return a name; raises InputError, which calls it `what`, if it cannot be one."""
    if not 0 < len(name) <= LONGEST or name != name.strip() or has_controls(name) or has_invisible(name):
        raise InputError(
            f"{what}: found {shown(name)}, expected 1 to {LONGEST} visible characters with no blank at either end."
        )
    return name
