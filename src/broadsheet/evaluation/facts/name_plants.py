"""Errors planted in the names of true summaries: persons, places, organisations, and who did what to whom."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from broadsheet.evaluation.facts.plant_words import GIVEN_NAMES, ORGANISATIONS, PLACES, TRANSITIVE, WEEKDAYS
from broadsheet.evaluation.facts.plants import (
    Change,
    PlantedSummary,
    Planter,
    dates,
    money,
    negations_added,
    negations_dropped,
    numbers,
    opposites,
    percentages,
    quotations,
)

_PERSON = re.compile(
    rf"(?<![\w-])(?P<given>{'|'.join(GIVEN_NAMES)})\s(?:[A-Z]\.\s)?(?P<family>(?:Mc|Mac|O'|De)?[A-Z][a-z]+(?:-[A-Z][a-z]+)?)(?![\w-]|\s[A-Z])"
)
_NOT_FAMILIES = frozenset(
    "Street County University College Avenue Road Park City School Hospital Lake Day Airport Island House Prize "
    "Said On In The Jr Sr Cup Foundation Center Theatre Award Awards".split()
)
_OPENERS = frozenset(
    "A After All Also Although An And As At Both But By Despite Even For Former From He Her Here His How However "
    "I If In It Its Last Many More Most New No Not Now Of On One Only Or Our Over She Since So Some That The "
    "Their Then There These They This Those Three Two Under Until We Well What When Where Which While Who Why "
    "With You Your President Minister Mr Mrs Ms Dr".split()
) | set(WEEKDAYS)
_NAME = r"(?:[A-Z][\w'-]*[a-z])(?:\s[A-Z][\w'-]*[a-z])*"
_DEED = re.compile(
    rf"(?P<first>{_NAME})(?P<deed>(?:\s(?:has|have|had|will|was|were|also|publicly|repeatedly))?\s(?:{'|'.join(TRANSITIVE)})"
    rf"(?:\s(?:the|its|his|her|a|former|rival|rivals|champions|by|out))*\s)(?P<second>{_NAME})"
)


def _persons(text: str) -> dict[str, str]:
    """Return given name and family name of the persons of a text, by family name."""
    return {
        match["family"]: match[0] for match in _PERSON.finditer(text) if match["family"] not in _NOT_FAMILIES | _OPENERS
    }


def _replace_persons(source: PlantedSummary, others: Mapping[str, str], rng: random.Random) -> Iterator[Change]:
    """Replace a person by another: a full name by a full name, a family name by a family name."""
    for family, whole in _persons(source.article).items():
        apart = sorted(other for other in others if other != family and other not in whole)
        if not apart:
            continue
        for match in re.finditer(rf"\b{re.escape(whole)}\b|(?<![A-Z-])\b{re.escape(family)}\b", source.summary):
            other = rng.choice(apart)
            before = source.summary[: match.start()].rstrip().rsplit(" ", 1)[-1]
            if match[0] == whole or not before[:1].isupper() or before in ("Mr", "Mr.", "President", "Ms"):
                yield *match.span(), others[other] if match[0] == whole else other


def persons_of_the_article(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Replace a person by another person of the same article."""
    return _replace_persons(source, _persons(source.article), rng)


def persons_of_another(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Replace a person by a person of another article."""
    others = {family: whole for family, whole in _persons(source.other).items() if family not in source.article}
    return _replace_persons(source, others, rng)


def _replace_listed(source: PlantedSummary, lists: Mapping[str, Sequence[str]], rng: random.Random) -> Iterator[Change]:
    """Replace a name by another name of its list; in half of the cases by a name that the article has."""
    for entries in lists.values():
        pattern = "|".join(sorted(map(re.escape, entries), key=len, reverse=True))
        for match in re.finditer(rf"(?<![A-Z]\.)(?<![\w-])(?:{pattern})(?![\w-]|\s[A-Z])", source.summary):
            before = source.summary[: match.start()].rsplit(" ", 2)[-2:-1]
            if lists is PLACES and before and re.match(r"[A-Z][a-z]", before[0]) and before[0] not in _OPENERS:
                continue  # South Korea, Michael Jordan
            others = [entry for entry in entries if entry != match[0] and entry not in source.summary]
            known = [entry for entry in others if re.search(rf"\b{re.escape(entry)}\b", source.article)]
            yield *match.span(), rng.choice(known) if known and rng.random() < 0.5 else rng.choice(others)


def places(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Replace a country, city or state by another."""
    return _replace_listed(source, PLACES, rng)


def organisations(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
    """Replace a team, company or body by another of the same kind."""
    return _replace_listed(source, ORGANISATIONS, rng)


def deeds(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Exchange the two names before and after a verb."""
    for match in _DEED.finditer(source.summary):
        first, second = match["first"].split(), match["second"]
        while first and first[0] in _OPENERS:
            first = first[1:]
        if first and second != " ".join(first) and second.split()[0] not in _OPENERS:
            name = " ".join(first)
            yield match.end("first") - len(name), match.end("second"), f"{second}{match['deed']}{name}"


KINDS: dict[str, Planter] = {
    "number changed": numbers,
    "percentage changed": percentages,
    "money changed": money,
    "date changed": dates,
    "person of the same article": persons_of_the_article,
    "person of another article": persons_of_another,
    "place replaced": places,
    "team or organisation replaced": organisations,
    "quotation altered": quotations,
    "negation dropped": negations_dropped,
    "negation added": negations_added,
    "subject and object swapped": deeds,
    "word for its opposite": opposites,
}
"Each kind of error, in the order of the report."
