"""The numbers of a text, digits or words, with what they count where that can be known: percent or a currency."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_TENS = dict(zip("thirty forty fifty sixty seventy eighty ninety".split(), range(30, 100, 10), strict=True))
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_SMALL = {word: value for value, word in enumerate(_UNITS)} | _TENS | {"dozen": 12}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"k": 1000, "m": 10**6, "mn": 10**6, "mln": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12, "trn": 10**12}
_NUMBER_WORDS = {*_SMALL, *_ORDINALS, *_LARGE}
_CURRENCIES = {
    "$": "$", "dollar": "$", "dollars": "$", "usd": "$", "£": "£", "pound": "£", "pounds": "£", "€": "€", "euro": "€",
    "euros": "€", "¥": "¥", "yuan": "yuan", "yen": "¥", "rubles": "rouble", "roubles": "rouble", "ruble": "rouble",
}  # fmt: skip
_PERCENT = r"%|percent(?:age)?|per\s+cent|pc\b|pct\b"
_SCALE = "|".join(_LARGE)
_PART = (
    rf"(?:(?:twenty|{'|'.join(_TENS)})[\s-](?:{'|'.join(_UNITS[1:10] + _ORDINALS[1:10])})\b"
    rf"|(?:{'|'.join([*_SMALL, *_ORDINALS[1:]])})\b)"
)
_NUMBER = re.compile(
    rf"(?P<currency>[$£€¥])?\s?(?<![\w.])(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<short>k|mn?|mln|bn|bln|tn|trn|st|nd|rd|th)?(?![\d])"
    rf"(?:[\s-]+(?P<large>{_SCALE})\b)?"
    rf"|\b(?P<words>{_PART}(?:[\s-]+(?:{_SCALE})\b)+(?:(?:\s+and)?[\s-]+{_PART}(?:[\s-]+(?:{_SCALE})\b)*)*|{_PART}|(?:{_SCALE})\b)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\s?-?(?:(?P<percent>{_PERCENT})|(?P<currency>{'|'.join(key for key in _CURRENCIES if key.isalpha())})\b)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:-|–|to|and|or)\s*[$£€¥]?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number of a text."""

    text: str
    "The number as it stands in the text."
    values: frozenset[Decimal]
    "All values that it can mean: `5m` is five metres or five million."
    unit: str
    "percent, a currency, ordinal, or empty."
    place: tuple[int, int]
    "Where the number begins and ends."


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of a text in order; in `5 to 6 million dollars` the five is millions of dollars too."""
    found: list[Quantity] = []
    if not re.search(r"\d", text) and _NUMBER_WORDS.isdisjoint(re.findall(r"[a-z]+", text.lower())):
        return ()  # the pattern is slow, and most sentences have no number
    for match in _NUMBER.finditer(text):
        values = _from_words(match["words"]) if match["words"] else _from_digits(match)
        after = _AFTER.match(text, match.end())
        sign = match["currency"] or (after["currency"].lower() if after and after["currency"] else "")
        unit = (
            "percent" if after and after["percent"] else _CURRENCIES.get(sign, "ordinal" if _is_ordinal(match) else "")
        )
        found.append(Quantity(match[0].strip(), values, unit, match.span()))
    for index in range(len(found) - 2, -1, -1):
        found[index] = _as_range(found[index], found[index + 1], text)
    return tuple(found)


def _from_digits(match: re.Match[str]) -> frozenset[Decimal]:
    value = Decimal(match["digits"].replace(",", ""))
    if match["large"]:
        return frozenset({value * _LARGE[match["large"].lower()]})
    scale = _SHORT.get((match["short"] or "").lower(), 1)
    return frozenset({value * scale} if match["currency"] else {value, value * scale})


def _is_ordinal(match: re.Match[str]) -> bool:
    last = re.split(r"[\s-]+", match["words"].lower())[-1] if match["words"] else (match["short"] or "").lower()
    return last in _ORDINALS or last in ("st", "nd", "rd", "th")


def as_digits(word: str) -> str | None:
    """Return a word of a number as digits, `3` for 3, 3rd, third and 3m; "" for a scale or unit; None for others."""
    word = word.lower()
    if word in _SMALL:
        return str(_SMALL[word])
    if word in _ORDINALS:
        return str(_ORDINALS.index(word))
    if word in _LARGE or word in _CURRENCIES or word in ("percent", "percentage", "cent", "pc", "pct"):
        return ""
    digits = re.fullmatch(r"(\d[\d,.]*?)(?:[a-z]{1,3})?", word)
    return digits[1].replace(",", "") if digits else None


def _from_words(text: str) -> frozenset[Decimal]:
    total, part = 0, 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word in _LARGE and _LARGE[word] > 100:
            total, part = total + (part or 1) * _LARGE[word], 0
        elif word == "hundred":
            part = (part or 1) * 100
        elif word != "and":
            part += _SMALL[word] if word in _SMALL else _ORDINALS.index(word)
    return frozenset({Decimal(total + part)})


def _as_range(first: Quantity, second: Quantity, text: str) -> Quantity:
    if first.unit or second.unit == "ordinal" or not _RANGE.fullmatch(text, first.place[1], second.place[0]):
        return first
    said = second.text.lower()
    scales = [large for word, large in (_LARGE | _SHORT).items() if re.search(rf"(?:\d|\b){word}$", said)]
    scaled = {value * scale for value in first.values for scale in scales}
    return Quantity(first.text, first.values | scaled, second.unit, first.place)


def same_unit(claimed: str, said: str) -> bool:
    """Whether two numbers can have one unit. A bare number may be a percentage or money; an ordinal may be a date."""
    return claimed == said or (claimed == "" and said != "ordinal") or (claimed == "ordinal" and said == "")
