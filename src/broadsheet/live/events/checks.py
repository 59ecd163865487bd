"""The checks of a single event, as it comes from outside: kind, fields, lengths and clock.

Most events are as they should be, so each check first asks whether the value is of the usual form, which costs little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from broadsheet.live.events.kinds import ANONYMOUS, FOLLOWED, KINDS, MUTED
from broadsheet.live.events.limits import (
    AHEAD,
    LONGEST_ID,
    LONGEST_NAMES,
    LONGEST_PAGE,
    LONGEST_WORD,
    MOST_SECONDS,
    OLDEST,
)
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SMALLEST, SkipRow, checked_id, checked_ids, checked_number, is_missing
from broadsheet.text import has_controls, one_line, shortened

_SHOWN = 60
"""Most characters of a wrong value that a report repeats."""
_USUAL_TIME = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?(?:Z|\+00:00)", re.ASCII)
"""The form of nearly all times; it is read at a fifth of the cost of any other."""
_LARGEST_SEED = 2**63 - 1
UNKNOWN_KIND, NO_READER = "unknown kind", "no reader"
AHEAD_OF_US, TOO_OLD = "time more than an hour ahead of this machine's clock", "time more than seven days ago"


def checked_event(row: object, times: TimeReader, now: datetime, *, is_archive: bool = False) -> dict[str, Any]:
    """Return an event with the columns of table events that its kind has; what it lacks is left out.

    `now` is the time of this machine; of an archive, events of any age are taken. Raises SkipRow with the reason why an
    event cannot be taken. Whether its page, its article and what it undoes are known is not looked at.
    """
    if not isinstance(row, Mapping):
        raise SkipRow("not an event", f"found {found(row)}; expected a mapping from field to value")
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise SkipRow(UNKNOWN_KIND, f"found {found(kind)}; expected {', '.join(KINDS)}")
    fields = KINDS[kind]
    event: dict[str, Any] = {"event_id": _short_id(_needed(row, "event_id", kind), "event_id"), "kind": kind}
    event["user_id"] = _reader(row.get("user_id"), kind)
    event["time"] = _time(row.get("time"), times, now, is_archive)
    for name in fields.needs:
        event[name] = CHECKS[name](_needed(row, name, kind), name)
    for name in fields.takes:
        value = row.get(name)
        if value is not None and not is_missing(value):
            event[name] = CHECKS[name](value, name)
    _check_whole(event, kind)
    return event


def left_out(row: Mapping[str, Any], kind: str) -> list[str]:
    """Return the fields of an event that its kind does not take."""
    if row.keys() <= _TAKEN[kind]:
        return []
    extra = (name for name in row if name not in _TAKEN[kind])
    return [str(name) for name in extra if row[name] is not None and not is_missing(row[name])]


def found(value: object) -> str:
    """Return a wrong value as a report shows it."""
    try:
        return shortened(one_line(repr(value)), _SHOWN)
    except Exception:  # a repr of the caller's own, or a whole number of more digits than Python writes
        return f"a value of type {type(value).__name__}"


def _needed(row: Mapping[str, Any], name: str, kind: str) -> object:
    value = row.get(name)
    if value is None or value == "" or is_missing(value):
        raise SkipRow(f"no {name}", f"in a {kind}")
    return value


def _short_id(value: object, name: str) -> str:
    if type(value) is str and 0 < len(value) <= LONGEST_ID and value.isascii() and value.isprintable():
        text = value.strip(" ")
        if text:
            return text
    text = _id(value, name)
    if len(text) > LONGEST_ID:
        raise SkipRow(f"{name} longer than {LONGEST_ID} characters", f"found {found(text)}")
    return text


def _id(value: object, name: str) -> str:
    try:
        return checked_id(value)
    except SkipRow as reason:
        raise SkipRow(f"{name}: {reason}", reason.example or f"found {found(value)}") from None


def _reader(value: object, kind: str) -> str:
    if value is None or value == "" or is_missing(value):
        if kind in ANONYMOUS:
            return ""
        raise SkipRow(NO_READER, f"a {kind} needs a user_id")
    return _id(value, "user_id")


def _time(value: object, times: TimeReader, now: datetime, is_archive: bool) -> datetime:
    if type(value) is datetime and value.tzinfo is UTC:
        time = value
    elif type(value) is str and _USUAL_TIME.fullmatch(value):
        time = _usual_time(value, times)
    else:  # numpy's own times are read as the numbers that they are
        time = times.required(value.item() if hasattr(value, "item") else value)
    if time - now > AHEAD:
        raise SkipRow(AHEAD_OF_US, f"found {time:%Y-%m-%d %H:%M:%S} UTC at {now:%Y-%m-%d %H:%M:%S} UTC")
    if now - time > OLDEST and not is_archive:
        raise SkipRow(TOO_OLD, f"found {time:%Y-%m-%d %H:%M:%S} UTC")
    return time


def _usual_time(text: str, times: TimeReader) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # such as a leap second
        return times.required(text)


def _slot(value: object, name: str) -> int:
    return _whole(value, name, 1, LONGEST_PAGE)


def _seed(value: object, name: str) -> int:
    return _whole(value, name, 0, _LARGEST_SEED)


def _explored(value: object, name: str) -> int:
    return _whole(value, name, 0, LONGEST_PAGE)


def _whole(value: Any, name: str, least: int, most: int) -> int:  # noqa: ANN401
    if type(value) is not int:
        try:
            number = float(value) if isinstance(value, str) else value
            if isinstance(value, bool) or not least <= number <= most or number != int(value):
                raise ValueError
            value = int(value)
        except (TypeError, ValueError, ArithmeticError):
            value = least - 1 if isinstance(value, bool) else value
    if not isinstance(value, int) or not least <= value <= most:
        raise SkipRow(f"wrong {name}", f"found {found(value)}; expected a whole number from {least} to {most}")
    return value


def _number(most: float) -> Callable[[object, str], float | None]:
    def check(value: object, name: str) -> float | None:
        usual = type(value) is float and 0 <= value <= most
        number = cast(float, value) if usual else checked_number(value, name, most)
        return 0.0 if number is not None and number < SMALLEST else number  # PostgreSQL refuses what is smaller

    return check


def _word(most: int) -> Callable[[object, str], str | None]:
    def check(value: object, name: str) -> str | None:
        """Return a name as text, without blanks at its ends; None for an empty text."""
        text = value.strip() if isinstance(value, str) else _id(value, name)
        if len(text) > most:
            raise SkipRow(f"{name} longer than {most} characters", f"found {found(text)}")
        if has_controls(text):
            raise SkipRow(f"{name} with control characters", f"found {found(text)}")
        return text or None

    return check


def _shown(value: object, name: str) -> list[str]:
    ids = checked_ids(_listed(value, name), name)
    if len(ids) > LONGEST_PAGE:
        raise SkipRow(f"a page of more than {LONGEST_PAGE} articles", f"found {len(ids):,}")
    if len(set(ids)) < len(ids):
        twice = next(one for place, one in enumerate(ids) if one in ids[:place])
        raise SkipRow("an article is on the page twice", f"found {found(twice)}")
    return ids


def _probabilities(value: object, name: str) -> list[float]:
    numbers = []
    for one in _listed(value, name):
        if isinstance(one, bool) or not isinstance(one, int | float) or not 0 < one <= 1:
            raise SkipRow(f"wrong {name}", f"found {found(one)}; expected numbers above 0 and at most 1")
        numbers.append(float(one))
    return numbers


def _listed(value: object, name: str) -> list[Any]:
    if isinstance(value, list):
        return value
    listed = value.tolist() if hasattr(value, "tolist") else list(value) if isinstance(value, tuple) else None
    if not isinstance(listed, list):
        raise SkipRow(f"{name} is not a list", f"found {found(value)}")
    return listed


def _check_whole(event: Mapping[str, Any], kind: str) -> None:
    """Check what only several fields together show."""
    if kind == "page":
        _check_page(event)
    elif "field" in event:
        fields = FOLLOWED if kind == "follow" else MUTED
        if event["field"] not in fields:
            raise SkipRow("wrong field", f"found {found(event['field'])} in a {kind}; expected {', '.join(fields)}")
    elif "page_id" in event:
        if "slot" not in event and "news_id" not in event:
            raise SkipRow("neither slot nor news_id", f"in a {kind}")
    elif kind != "undo":
        if "news_id" not in event:
            raise SkipRow("no news_id", f"in a {kind}")
        if "slot" in event:
            raise SkipRow("a slot without page_id", f"in a {kind}")


def _check_page(event: Mapping[str, Any]) -> None:
    if event.get("explored", 0) > len(event["shown"]):
        raise SkipRow("wrong explored", f"found {event['explored']} for {len(event['shown'])} articles")
    for name in ("propensity", "conditional"):
        if name in event and len(event[name]) != len(event["shown"]):
            raise SkipRow(
                f"{name} of another length than shown", f"found {len(event[name])} for {len(event['shown'])} articles"
            )


CHECKS: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("page_id", "undoes"), _short_id),
    **{"news_id": _id, "slot": _slot, "seed": _seed, "shown": _shown, "explored": _explored},
    **dict.fromkeys(("propensity", "conditional"), _probabilities),
    **{"seconds": _number(MOST_SECONDS), "scroll": _number(1.0)},
    **dict.fromkeys(("field", "value", "edition", "policy", "policy_version", "region"), _word(LONGEST_WORD)),
    **dict.fromkeys(("experiment", "arm"), _word(LONGEST_NAMES)),
}
_TAKEN = {kind: {"event_id", "kind", "user_id", "time", *needs, *takes} for kind, (needs, takes) in KINDS.items()}
