"""Checks of single values from outside: ids, texts, numbers and flags; `times` reads times."""

import math
from decimal import Decimal
from numbers import Integral, Real
from typing import Any
from uuid import UUID

from broadsheet.text import has_controls, has_invisible

ID_LENGTH = 256
_ENDLESS = 10**ID_LENGTH
"""The first whole number that is too long for an id."""
LARGEST = (2 - 2**-23) * 2.0**127
"""The largest number of a float32 column: a larger one would be infinite there."""
SMALLEST = 2.0**-126
"""The smallest number above 0 of a float32 column that keeps all its digits: what is smaller is 0 for most readers."""
_ROUNDED = 2**53
"""From here on a float does not hold every whole number, and two ids may have become the same."""


_FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


class SkipRow(Exception):
    """A row cannot be taken; the message is the plain reason, the same for all rows that have the same fault.

    `example` is what was found in this row, and what is expected there; empty if the reason says all.
    """

    def __init__(self, reason: str, example: str = "") -> None:
        super().__init__(reason)
        self.example = example


def checked_id(value: object) -> str:
    """Return an id as text, without blanks at its ends.

    Whole numbers of any type (7, 7.0, decimals), UUIDs and bytes in UTF-8 are taken too.
    """
    text = (value if isinstance(value, str) else _id_text(value)).strip(" ")
    if text.isascii() and text.isprintable() and 0 < len(text) <= ID_LENGTH:
        return text
    if not text.strip():
        raise SkipRow("empty id")
    if len(text) > ID_LENGTH:
        raise SkipRow(f"id longer than {ID_LENGTH} characters")
    if has_controls(text):
        raise SkipRow("id with control characters")
    if has_invisible(text):
        raise SkipRow("id with invisible characters", f"found {text!a}")
    return text


def is_missing(value: object) -> bool:
    """Return whether a value stands for no value: None, NaN, and the NaT and NA of pandas."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError, ArithmeticError):  # NA is neither true nor false; an array and sNaN are values
        return type(value).__name__ == "NAType"


def _id_text(value: Any) -> str:  # noqa: ANN401
    """Return what an id that is no text is as a text; empty for a missing value."""
    if is_missing(value):
        return ""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise SkipRow("id in bytes that are not UTF-8", f"found {value[:16]!r}") from None
    is_whole = isinstance(value, Integral | float | Decimal) and not isinstance(value, bool)
    if not is_whole or _is_endless(value):
        raise SkipRow("id is neither text nor a whole number")
    if not -_ENDLESS < value < _ENDLESS:  # before `int`, which would write out each digit of Decimal("1e999999999")
        raise SkipRow(f"id longer than {ID_LENGTH} characters")
    if value != int(value):
        raise SkipRow("id is neither text nor a whole number")
    if isinstance(value, float) and abs(value) >= _ROUNDED:
        raise SkipRow("id is a rounded number", f"found {value!r}; expected a whole number or a text")
    return str(int(value))


def _is_endless(value: Any) -> bool:  # noqa: ANN401
    """Return whether a number is infinite, or no number, as a decimal may be."""
    return not value.is_finite() if isinstance(value, Decimal) else value in (math.inf, -math.inf)


def checked_ids(values: object, what: str) -> list[str]:
    """Return a list of ids; the reason for a bad one names the list as `what`."""
    if not isinstance(values, list | tuple):
        raise SkipRow(f"{what} is not a list")
    ids = list(values)
    try:
        joined = "".join(ids)
        if joined.isascii() and joined.isprintable() and " " not in joined and all(ids) and _longest(ids) <= ID_LENGTH:
            return ids  # nearly all lists pass here, without a look at each id
    except TypeError:
        pass  # not all are texts
    try:
        return [checked_id(value) for value in ids]
    except SkipRow as reason:
        raise SkipRow(f"{what}: {reason}") from None


def _longest(ids: list[str]) -> int:
    return max(map(len, ids), default=0)


def checked_text(value: object) -> str:
    """Return a text without halves of characters, a number as text, bytes as UTF-8, and a missing value as "".

    A half of a character is what a script leaves that cuts an emoji in two; no file in UTF-8 can hold it.
    """
    if is_missing(value):
        return ""
    if isinstance(value, Real | Decimal):
        return str(value)
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise SkipRow("text in bytes that are not UTF-8") from None
    if not isinstance(value, str):
        raise SkipRow("a text column holds something else")
    return value if value.isascii() else value.encode(errors="ignore").decode()


def checked_number(value: object, name: str, most: float) -> float | None:
    """Return a finite number from 0 to `most`, or None for a missing value; the reason for a bad one has `name`."""
    if is_missing(value) or value == "":
        return None
    try:
        number = float(str(value))
    except Exception:  # also of a type of the caller's own
        number = math.nan
    if not 0 <= number <= most:
        raise SkipRow(f"unreadable {name}", f"found {_begin(value)}; expected a number from 0 to {most:g}")
    return number


def checked_flag(value: object, name: str) -> bool | None:
    """Return true or false, also of the words true, false, 1 and 0, and None for a missing value."""
    if is_missing(value) or value == "":
        return None
    if isinstance(value, bool):
        return value
    try:
        found = _FLAGS.get(str(value).strip().lower())
    except Exception:  # as in `_begin`
        found = None
    if found is None:
        raise SkipRow(f"unreadable {name}", f"found {_begin(value)}; expected true, false, 1 or 0")
    return found


def _begin(value: object) -> str:
    """Return the beginning of a value as a message shows it."""
    try:
        return repr(str(value)[:40])
    except Exception:  # a type of the caller's own, or a whole number of more digits than Python writes
        return f"a value of type {type(value).__name__}"
