"""Reading times from outside: texts, numbers and dates of any common form become datetimes in UTC."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from broadsheet.tables.values import SkipRow, is_missing
from broadsheet.text import shortened

ACCEPTED = (
    "ISO 8601 such as 2026-03-29T10:00:00Z, a day such as 2026-03-29, 2026/03/29, 29.03.2026 or 20260329 (a time may "
    "follow), a mail's date such as 'Sun, 29 Mar 2026 10:00:00 GMT', or seconds, milliseconds, microseconds or "
    "nanoseconds since 1970"
)
_MIDNIGHT = time_of_day()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 2200)
_MISSING = {"", "nan", "nat", "null", "none", "n/a", "\\n"}
"""Texts that stand for no value in exports of databases and data frames."""
_UNITS = ((1e8, 1), (1e11, 10**3), (1e14, 10**6), (1e17, 10**9))
"""From which number on a unit is meant, and how many of the unit are a second: from 1e11 on it is milliseconds.

Each range begins in March 1973 and ends in the year 2286, so no number fits two units. A smaller number is no time: it
is a day such as 20260329, a year, a spreadsheet's count of days, or a missing value written as 0.
"""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ZONE_BEHIND = re.compile(r"\s*(?:UTC|GMT|Z|z)$|\s+(?=[+-]\d\d:?\d\d$)")
_SHORT_DAY = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?=$|[T +])", re.ASCII)
_DAY_FIRST = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})(?=$|[T +]|, )", re.ASCII)
"""With dots the day comes first in every country. With slashes nobody can know: 03/04/2026 is not taken."""
_SHORT_HOUR = re.compile(r"(?<=[T ])(\d)(?=:\d\d)", re.ASCII)
_NAMED_ZONE = re.compile(r"(?:(?<=Z)|(?<=[+-]\d\d:\d\d))\[[A-Za-z_+/-]+\]$", re.ASCII)
"""Java writes the zone's name behind its offset: 2026-03-29T10:00:00+02:00[Europe/Berlin]."""
_ISO = re.compile(
    r"\d{4}(?:-\d\d-\d\d|\d{4}|-?W\d\d(?:-?\d)?)"
    r"(?:(?:[^\d+-]|-(?=\d\d:\d\d:\d\d))\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
"""What Python may read. It reads more, but wrongly: 10.05 as 10:00:00.05, the zone of 2026-03-29+02:00 as an hour."""
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)60(?!\d)")
_MIDNIGHT_BEHIND = re.compile(r"(?<=[T ])24(?=:00(?::00(?:\.0+)?)?(?:$|[Z+-]))")
_MAIL_DATE = re.compile(r"[A-Za-z]{3}.*\d:\d\d(?::\d\d)?(?:\s+\d{4})?\s*([A-Za-z]+|[+-]\d{4})?(?:\s+\d{4})?$")
_MAIL_ZONES = {"UT", "UTC", "GMT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"}
_SHOWN, _LONGEST = 40, 80
"""Most characters of a wrong value that a message repeats, and of a text that can be a time."""
_MOST = 1e19
"""Every time until 2286 is a smaller number, in nanoseconds too."""


@dataclass
class TimeReader:
    """Reads times; a time that names no zone is one of `zone`; times of day are counted in `without_zone`."""

    zone: tzinfo = UTC
    without_zone: int = 0

    def __call__(self, value: object) -> datetime | None:
        """Return a time in UTC; None for None, NaN and texts that stand for no value, such as an empty text or NULL.

        Takes datetimes and dates, texts and numbers as ACCEPTED says; a day is its midnight. The unit of a number
        follows from its size. Raises SkipRow, which names the value and what is accepted, for anything else, and for
        years before 1900 or after 2199.
        """
        try:
            time = _parsed(value)
            if time is None:
                return None
            if time.tzinfo is None:
                self.without_zone += time.time() != _MIDNIGHT  # a day has a zone in no notation
                time = time.replace(tzinfo=self.zone)
            time = time.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, ArithmeticError):
            raise _unreadable(value) from None
        if time.year not in _YEARS:
            raise _unreadable(value)
        return time

    def required(self, value: object) -> datetime:
        """Return a time as a call does; a missing time is refused."""
        time = self(value)
        if time is None:
            raise SkipRow("no time")
        return time


def _unreadable(value: object) -> SkipRow:
    shown = type(value).__name__  # of a list, an object, or a number with thousands of digits
    if isinstance(value, str):
        shown = repr(shortened(value, _SHOWN))
    elif isinstance(value, bool | float | Decimal) or (isinstance(value, int) and abs(value) < _MOST):
        shown = repr(value)
    return SkipRow("unreadable time", f"found {shown}; expected {ACCEPTED}")


def _parsed(value: object) -> datetime | None:
    """Return a datetime, without a zone if the value names no zone; None if the value stands for no time."""
    if isinstance(value, Mapping) and len(value) == 1:  # MongoDB's export: {"$date": {"$numberLong": "1774778400000"}}
        ((key, inner),) = value.items()
        return _parsed(inner) if key in ("$date", "$numberLong") else _number(None)
    if is_missing(value):  # also NaN, with which data frames mark what is missing
        return None
    if isinstance(value, str):
        return _text(value.strip())
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return _number(value)


def _number(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError("not a time")
    size: Any = abs(value)
    if size > _MOST:
        raise ValueError("too large for a time")
    if value == int(value) and (day := _compact(str(int(value)))):
        return day
    per_second = next((count for least, count in reversed(_UNITS) if size >= least), 0)
    if not per_second:
        raise ValueError("too small for a time")
    if isinstance(value, int):  # exact, where a float of nanoseconds is not
        return _EPOCH + timedelta(microseconds=value * 10**6 // per_second)
    return _EPOCH + timedelta(seconds=float(value) / per_second)


def _compact(digits: str) -> datetime | None:
    """Return what 8, 12 or 14 digits stand for, such as the day 20260329; None if they are another number.

    Read as seconds or milliseconds they would all lie in the 1970s.
    """
    if len(digits) not in _COMPACT or not digits.isascii() or not digits.isdigit():
        return None
    try:
        time = datetime.strptime(digits, _COMPACT[len(digits)])
    except ValueError:
        return None
    return time if time.year in _YEARS else None


def _text(text: str) -> datetime | None:
    if text.lower() in _MISSING:
        return None
    if not text.isascii() or len(text) > _LONGEST:
        raise ValueError("not a time")
    if text[4:5] == "-":  # nearly all texts; what Python does not read is brought into its form below
        with suppress(ValueError):
            return _iso(text)
    if _NUMBER.fullmatch(text):
        return _number(int(text) if text.lstrip("+-").isdigit() else float(text))
    if _MAIL_DATE.search(text) and not text[:4].isdigit():
        return _mail_date(text)
    later = timedelta(0)
    for pattern, instead, more in ((_LEAP_SECOND, "59", timedelta(seconds=1)), (_MIDNIGHT_BEHIND, "00", timedelta(1))):
        text, changes = pattern.subn(instead, text)
        later += more * changes
    text = _SHORT_HOUR.sub(r"0\1", _NAMED_ZONE.sub("", text))
    if zone := _ZONE_BEHIND.search(text):
        text = text[: zone.start()] + (text[zone.end() :] or "+00:00")
    return _iso(_with_iso_day(text)) + later


def _with_iso_day(text: str) -> str:
    if day := _SHORT_DAY.match(text):
        text = f"{day[1]}-{day[3]:0>2}-{day[4]:0>2}{text[day.end() :]}"
    elif day := _DAY_FIRST.match(text):
        text = f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}{text[day.end() :].replace(', ', ' ')}"
    # A day in UTC, such as 2026-03-29Z, is its midnight there.
    return f"{text[:10]}T00:00+00:00" if text[10:] == "+00:00" else text


def _iso(text: str) -> datetime:
    if not _ISO.fullmatch(text):
        raise ValueError("not a time")
    return datetime.fromisoformat(text)


def _mail_date(text: str) -> datetime:
    """Return the time of a mail or feed, such as 'Sun, 29 Mar 2026 10:00:00 GMT'; raises ValueError for another zone.

    Python takes a zone that it does not know for no zone.
    """
    zones = set(re.findall(r"[A-Za-z]+", text.partition(":")[2]))
    if not zones <= _MAIL_ZONES:
        raise ValueError("a zone that is not known")
    return parsedate_to_datetime(text)
