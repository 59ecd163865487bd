"""The dates of an English text: weekdays, months, days of a month, and words such as `yesterday` and `next week`."""

import re
from dataclasses import dataclass
from functools import lru_cache

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = (
    "|".join(name.capitalize() for name in _MONTHS if name != "may")
    + r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?=\.|\s\d)"
)
_WEEKDAY = "|".join(map(str.capitalize, _WEEKDAYS)) + r"|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)(?=\.[,\s])"
_STARTS = {
    word[:3]
    for word in (*_WEEKDAYS, *_MONTHS, *"yesterday today tonight tomorrow last next this past previous coming".split())
}
_BEFORE_MAY = "in|of|on|since|until|till|by|last|next|this|early|late|mid|from|through|before|after|to|and|or"
_DATE = re.compile(
    rf"\b(?P<month>{_MONTH}|May)\b\.?\s(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?(?![\d:%]|[.,]\d)"
    rf"|(?<![\d.,$£€])\b(?P<first>[12]?\d|3[01])(?:st|nd|rd|th)?\s(?:of\s)?(?P<then>{_MONTH}|May)\b"
    rf"|\b(?P<weekday>{_WEEKDAY})s?\b"
    rf"|\b(?P<alone>{_MONTH})\b|\b(?:{_BEFORE_MAY})[\s-](?P<may>May)\b|\b(?P<dated>May)(?=,?\s(?:19|20)\d\d)"
    r"|\b(?P<near>yesterday|today|tonight|tomorrow)\b"
    r"|\b(?P<which>last|next|this|past|previous|coming)\s(?P<what>week(?:end)?|month|year|season|summer|spring|autumn|winter|night|decade)\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Date:
    """A date of a text."""

    text: str
    "The date as it stands in the text."
    value: str
    "What the date means: weekday 1 for a Tuesday, month 3, month 3 day 14, or its words."
    place: tuple[int, int]
    "Where the date begins and ends."


@lru_cache(maxsize=4096)
def dates(text: str) -> tuple[Date, ...]:
    """Return the dates of a text, in order. A year alone is a number, not a date."""
    found: list[Date] = []
    if _STARTS.isdisjoint(word[:3] for word in re.findall(r"[a-z]{3,}", text.lower())):
        return ()  # the pattern is slow, and most sentences have no date
    for match in _DATE.finditer(text):
        group = next(
            name for name in ("day", "then", "weekday", "alone", "may", "dated", "near", "what") if match[name]
        )
        written = (
            match["month"] or match["then"] or match["weekday"] or match["alone"] or match["may"] or match["dated"]
        )
        if written is None or written[0].isupper():  # `march` and `may` in small letters are verbs
            start = match.start("may") if match["may"] else match.start()
            found.append(Date(text[start : match.end()], _value(match, group), (start, match.end())))
    return tuple(found)


def _value(match: re.Match[str], group: str) -> str:
    if group == "weekday":
        return f"weekday {_index(_WEEKDAYS, match['weekday'])}"
    if group in ("near", "what"):
        return " ".join(match[0].lower().split())
    month = _index(_MONTHS, match["month"] or match["then"] or match["alone"] or match["may"] or match["dated"]) + 1
    day = match["day"] or match["first"]
    return f"month {month} day {int(day)}" if day else f"month {month}"


def _index(names: list[str], word: str) -> int:
    return next(place for place, name in enumerate(names) if name.startswith(word.lower()[:3]))


def says(said: str, claimed: str) -> bool:
    """Whether a date's value says another: the same value, or the month of its day."""
    return said == claimed or said.startswith(f"{claimed} day ")
