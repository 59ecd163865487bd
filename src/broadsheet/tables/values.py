"""Checks of single values from outside: ids, texts and times."""

import re
from datetime import UTC, date, datetime, timedelta

from broadsheet.text import has_controls

ID_LENGTH = 256
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 1e11  # as seconds this lies in the year 5138, as milliseconds in 1973
_YEARS = range(1900, 2200)


class SkipRow(Exception):
    """A row cannot be taken; the message is the plain reason."""


def checked_id(value: object) -> str:
    """Return an id as text; whole numbers are taken too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise SkipRow(
            "empty id" if value is None or isinstance(value, str) else "id is neither text nor a whole number"
        )
    if len(value) > ID_LENGTH:
        raise SkipRow(f"id longer than {ID_LENGTH} characters")
    if has_controls(value):
        raise SkipRow("id with control characters")
    return value


def checked_ids(values: object, what: str) -> list[str]:
    """Return a list of ids; the reason for a bad one names the list as `what`."""
    if not isinstance(values, list | tuple):
        raise SkipRow(f"{what} is not a list")
    ids = list(values)
    try:
        joined = "".join(ids)
        if joined.isprintable() and " " not in joined and all(ids) and max(map(len, ids), default=0) <= ID_LENGTH:
            return ids  # nearly all lists pass here, without a look at each id
    except TypeError:
        pass  # not all are texts
    try:
        return [checked_id(value) for value in ids]
    except SkipRow as reason:
        raise SkipRow(f"{what}: {reason}") from None


def checked_text(value: object) -> str:
    """Return a text without halves of characters, a number as text, and None or NaN as an empty text.

    A half of a character is what a script leaves that cuts an emoji in two; no file in UTF-8 can hold it.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return "" if value != value else str(value)  # NaN stands for nothing in many tools
    if not isinstance(value, str):
        raise SkipRow("a text column holds something else")
    return value if value.isascii() else value.encode(errors="ignore").decode()


def required_time(value: object) -> datetime:
    """Return a time as `checked_time` does; a missing time is refused."""
    time = checked_time(value)
    if time is None:
        raise SkipRow("no time")
    return time


def checked_time(value: object) -> datetime | None:
    """Return a time in UTC, or None for None or an empty text.

    Takes datetimes and dates (without a zone they are UTC), ISO 8601 texts, and seconds or milliseconds since 1970.
    """
    if value is None or value == "":
        return None
    try:
        time = _parse_time(value)
    except (ValueError, OverflowError, TypeError):
        raise SkipRow("unreadable time") from None
    if time.year not in _YEARS:
        raise SkipRow("unreadable time")
    return time


def _parse_time(value: object) -> datetime:
    if isinstance(value, str):
        value = value.strip()
        is_day = len(value) == 8 and value.isdigit()  # 20191115 is a date, not a second of 1970
        value = float(value) if not is_day and _NUMBER.fullmatch(value) else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a time")
    if abs(value) >= _MILLISECONDS_FROM:
        return _EPOCH + timedelta(milliseconds=value)
    return _EPOCH + timedelta(seconds=value)
