"""Columns of a publisher's tables: what ours are called there, and rows with our names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from broadsheet.tables.schemas import CLICKS, NEWS, USERS

TABLES = {
    "news": [name for name in NEWS.names if name != "content_hash"],
    "clicks": CLICKS.names,
    "users": USERS.names,
}
"""The tables that a publisher can give, and the columns that each may have."""
_REQUIRED = {"news": ["news_id", "title"], "users": ["user_id"], "clicks": ["user_id", "news_id", "time"]}
_SEPARATORS = re.compile(r"[\s,]+")


def mapping_problems(columns: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a mapping from our column names to a publisher's: names that we do not have."""
    ours = {name for names in TABLES.values() for name in names}
    return [
        f"column {name}={theirs}: no column {name!r} is known here; known: {', '.join(sorted(ours))}"
        for name, theirs in columns.items()
        if name not in ours
    ]


def match(
    table: str, source: object, found: Sequence[str], columns: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    """Pair our names of a table's columns with those `found` in its source: the mapped name, else the same name.

    Adds to `problems` what is missing. Example: of the columns article_id and title, with {"news_id": "article_id"},
    {"news_id": "article_id", "title": "title"}.
    """
    pairs = {}
    for name in TABLES[table]:
        theirs = columns.get(name, name)
        if theirs in found:
            pairs[name] = theirs
        elif name in found:
            pairs[name] = name
    missing = [name for name in _REQUIRED[table] if name not in pairs]
    if missing:
        problems.append(
            f"{source}: found the columns {', '.join(found) or '(none)'}; expected also {', '.join(missing)}. "
            f"Name the file's own: column {missing[0]}=THEIRS"
        )
    return pairs


def named_rows(rows: Iterable[Mapping[str, Any]], pairs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield rows with our names of their columns; lists of ids that are texts are split at spaces and commas."""
    for found in rows:
        row = {ours: found.get(theirs) for ours, theirs in pairs.items()}
        for name in ("history", "hidden"):
            ids = row.get(name)
            if isinstance(ids, str):
                row[name] = [part for part in _SEPARATORS.split(ids) if part]
        yield row
