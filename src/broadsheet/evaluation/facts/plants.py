"""Errors planted in true summaries, of numbers, dates and negations; name_plants.py has the errors of names.

A planter yields every change that it could make, as the start, the end and the new text of a span; one is drawn by a
seed. All are found by plain patterns, not by the fact gate's parsing.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broadsheet.evaluation.facts.plant_words import MONTHS, NUMBER_WORDS, OPPOSITES, WEEKDAYS

Change = tuple[int, int, str]
"Start, end and new text."


@dataclass(frozen=True)
class PlantedSummary:
    """A true summary, and the texts from which errors for it are taken."""

    news_id: str
    summary: str
    article: str
    "Title, abstract and body, each on lines of its own."
    other: str
    "Another article, for names that this one does not have."


Planter = Callable[[PlantedSummary, random.Random], Iterator[Change]]

_MONTH = "|".join([*MONTHS, *(f"{month[:3]}\\." for month in MONTHS if month != "May"), r"Sept\."])
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PERCENT = re.compile(rf"(?<![\w.,$£€-])(?P<amount>{_AMOUNT})(?=\s?%|[\s-]per ?cent)")
_MONEY = re.compile(
    rf"(?P<sign>[$£€])(?P<amount>{_AMOUNT})(?!\d)(?P<scale>[\s-]?(?:million|billion|trillion|m|bn|k)\b)?"
    rf"|(?<![\w.,-])(?P<bare>{_AMOUNT})(?P<large>\s(?:million|billion))?(?=\s(?:dollars|euros?|pounds|yuan|rubles)\b)"
)
_NUMBER = re.compile(
    rf"(?<![\w.,:/$£€#'-])(?P<amount>{_AMOUNT})"
    rf"(?![\w:/%]|[.,]\d|-\d|[\s-]per ?cent|,? (?:{_MONTH})"
    r"|\s(?:million |billion )?(?:dollars|euro|pounds|yuan|rubles))"
)
_WORD = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b(?![\s-]per ?cent)", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\w.,$£€-])(?:19|20)\d\d(?![\w%]|[.,-]\d)")
_DAY = re.compile(
    rf"(?:(?<=\s)|^)(?P<month>{_MONTH})\s(?P<day>[12]?\d|3[01])(?!\d|:)|\b(?P<first>[12]?\d|3[01])\s(?:{_MONTH})\b"
)
_MONTH_ALONE = re.compile(
    rf"\b(?:(?:in|of|on|since|until|by|last|next|this|\d)\s(?P<month>{'|'.join(MONTHS)})|(?P<dated>{'|'.join(MONTHS)})(?=\s\d))\b"
)


def plant(planter: Planter, source: PlantedSummary, rng: random.Random) -> str | None:
    """Return the summary with one error of the planter's kind, drawn by `rng`, or None if it has no room for one."""
    changes = list(planter(source, rng))
    if not changes:
        return None
    start, end, text = rng.choice(changes)
    changed = source.summary[:start] + text + source.summary[end:]
    return None if changed == source.summary else changed


def _other_amount(amount: str, pool: set[str], rng: random.Random) -> str:
    """Return another amount: in half of the cases an amount of the article, else a near or tenfold amount."""
    value = float(amount.replace(",", ""))
    known = sorted(one for one in pool if float(one.replace(",", "")) != value)
    if known and rng.random() < 0.5:
        return rng.choice(known)
    if "." in amount:
        return f"{value + rng.choice([1, 2, 3, 10]):.{len(amount.split('.')[1])}f}"
    changed = int(rng.choice([value + 1, value + 2, value + 10, value * 2 + 1, value * 10 + 10]))
    return f"{changed:,}" if "," in amount or changed > 9999 else str(changed)


def _is_year(text: str) -> bool:
    return bool(_YEAR.fullmatch(text))


def _is_day(text: str, place: int) -> bool:
    return any(match.start() <= place < match.end() for match in _DAY.finditer(text))


def numbers(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Change a count, in digits or in words; not a year, a day, a share or money, which are kinds of their own."""
    pool = {match["amount"] for match in _NUMBER.finditer(source.article) if not _is_year(match["amount"])}
    for match in _NUMBER.finditer(source.summary):
        if not _is_year(match["amount"]) and not _is_day(source.summary, match.start()):
            yield *match.span(), _other_amount(match["amount"], pool, rng)
    for match in _WORD.finditer(source.summary):
        word = rng.choice([other for other in NUMBER_WORDS if other != match[0].lower()])
        yield *match.span(), word.capitalize() if match[0][0].isupper() else word


def percentages(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Change a percentage."""
    pool = {match["amount"] for match in _PERCENT.finditer(source.article)}
    for match in _PERCENT.finditer(source.summary):
        yield *match.span("amount"), _other_amount(match["amount"], pool, rng)


def money(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Change an amount of money, its scale or its currency."""
    pool = {match["amount"] or match["bare"] for match in _MONEY.finditer(source.article)}
    for match in _MONEY.finditer(source.summary):
        group = "amount" if match["amount"] else "bare"
        yield *match.span(group), _other_amount(match[group], pool, rng)
        for scale in ("scale", "large"):
            if match[scale] and "illion" in match[scale]:
                other = "billion" if "million" in match[scale] else "million"
                yield match.end(scale) - len(match[scale].lstrip(" -")), match.end(scale), other
        if match["sign"]:
            yield *match.span("sign"), rng.choice([sign for sign in "$£€" if sign != match["sign"]])


def dates(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Change a weekday, a month, a day of a month or a year; to one that the article has, by even chance."""
    for match in re.finditer("|".join(WEEKDAYS), source.summary):
        yield *match.span(), _other_word(match[0], WEEKDAYS, source.article, rng)
    for match in _MONTH_ALONE.finditer(source.summary):
        group = "month" if match["month"] else "dated"
        yield *match.span(group), _other_word(match[group], MONTHS, source.article, rng)
    for match in _DAY.finditer(source.summary):
        group = "day" if match["day"] else "first"
        yield *match.span(group), str(rng.choice([day for day in range(1, 29) if day != int(match[group])]))
    years = set(_YEAR.findall(source.article))
    for match in _YEAR.finditer(source.summary):
        known = sorted(years - {match[0]})
        far = rng.choice([-10, -2, -1, 1, 2])
        yield *match.span(), rng.choice(known) if known and rng.random() < 0.5 else str(int(match[0]) + far)


def _other_word(word: str, words: list[str], article: str, rng: random.Random) -> str:
    others = [other for other in words if other != word]
    known = [other for other in others if re.search(rf"\b{other}\b", article)]
    return rng.choice(known) if known and rng.random() < 0.5 else rng.choice(others)


def quotations(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Replace a word of a quotation by another word of the article, or leave a word of the quotation out."""
    vocabulary = sorted(set(re.findall(r"\b[a-z]{4,}\b", source.article)))
    spans = list(re.finditer('["“”]', source.summary))
    for opening, closing in zip(spans[::2], spans[1::2], strict=False):
        if len(source.summary[opening.end() : closing.start()].split()) < 4:
            continue
        for match in re.compile(r"\b[a-z]{4,}\b").finditer(source.summary, opening.end(), closing.start()):
            others = [word for word in vocabulary if word[:4] != match[0][:4]]
            yield (*match.span(), rng.choice(others))
            if source.summary[opening.end() : match.start()].strip(" ") and source.summary[match.end()] == " ":
                yield match.start() - 1, match.end(), ""  # at the edge it would only make the quotation shorter


_OPPOSITES = {word: other for pair in OPPOSITES for word, other in (pair.split(), pair.split()[::-1])}


def opposites(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Replace a word by its opposite."""
    for match in re.finditer(rf"(?<![\w-])(?:{'|'.join(_OPPOSITES)})(?![\w-])", source.summary):
        yield *match.span(), _OPPOSITES[match[0]]


_PLAIN = {"can't": "can", "cannot": "can", "won't": "will", "shan't": "shall"}
_NEGATION = re.compile(
    r"\b(?P<whole>[Cc]an't|[Cc]annot|[Ww]on't)\b|(?<=[a-z])(?P<short>n't)\b|(?P<word>\s(?:not|never))\b"
    r"(?! (?:only|just|merely|necessarily|simply|to mention))"
    r"|\b(?P<no>no) (?=[a-z])(?!longer|matter|doubt|less|more|one|later)"
)


def negations_dropped(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Leave a negation out."""
    text = source.summary.replace("’", "'")
    for match in _NEGATION.finditer(text):
        before = text[: match.start()].lower()
        if not before.endswith(("or", "or ", "if", "why", "better")):
            yield *match.span(), _PLAIN[match["whole"].lower()] if match["whole"] else "the " if match["no"] else ""


_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|must|may|might|did|does)\b(?=\s[a-z]{2,})"
    r"(?!\s(?:not|never|no|nothing|none|neither|also not)\b)"
)


def negations_added(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Put "not" after an auxiliary verb."""
    for match in _AUXILIARY.finditer(source.summary):
        rest = re.split(r"[.!?;]", source.summary[match.end() :])[0]
        if "not" not in rest.split()[:4] and not re.match(r"[^.!]*\?", source.summary[match.end() :]):
            yield match.end(), match.end(), " not"
