"""Lists of ids that a file of texts holds in one cell, in the forms that tools write them."""

import json
import re

from broadsheet.importers.files.delimited import NULL_WORDS

_SEPARATORS = re.compile(r"[\s,;|]+")
_BEFORE_ADDRESS = re.compile(r"[\s,;|]+(?=[A-Za-z][A-Za-z0-9+.-]*://)|\s+")
"""Ids that are addresses may hold commas: https://example.org/a,b?id=1."""
_ITEM = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"\[\]]+))\s*,?""")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_NULLS = {word.decode() for word in NULL_WORDS}


def ids_of_cell(text: str) -> list[str | None] | str:
    """Return the ids of a cell; a cell in brackets that is no list of ids is returned as it is.

    Ids are separated by spaces, commas, semicolons or bars, or stand in brackets as JSON, Python and numpy write lists:
    `["007", "7"]`, `['007', '7']`, `[7 007]`. An id that holds a separator needs the brackets and quotation marks.
    """
    text = text.strip()
    if text[:1] in _BRACKETS and text.endswith(_BRACKETS[text[0]]):
        return _listed(text)
    separators = _BEFORE_ADDRESS if "://" in text else _SEPARATORS
    return [part for part in separators.split(text) if part]


def _listed(text: str) -> list[str | None] | str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list) and all(item is None or isinstance(item, str) for item in found):
        return found  # JSON has escapes of its own; numbers are read below, where 007 stays 007
    ids: list[str | None] = []
    at, end = 1, len(text) - 1
    while text[at:end].strip():
        item = _ITEM.match(text, at, end)
        if not item or item[3] == "...":  # numpy leaves the middle of a long list out
            return text
        quoted = item[1] if item[2] is None else item[2]
        ids.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else None if item[3] in _NULLS else item[3])
        at = item.end()
    return ids
