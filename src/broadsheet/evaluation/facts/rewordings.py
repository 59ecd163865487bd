"""True summaries in other words, as a writer may write them; the fact gate should pass them."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from broadsheet.evaluation.facts.plant_words import GIVEN_NAMES, NUMBER_WORDS, WEEKDAYS
from broadsheet.evaluation.facts.plants import Change, PlantedSummary, Planter, plant

_PERSON = re.compile(rf"\b(?P<given>{'|'.join(GIVEN_NAMES)}) (?P<family>[A-Z][a-z]{{3,}})\b(?! [A-Z])")
_DIGITS = {word: digits for word, digits in zip(NUMBER_WORDS, [*range(2, 16), 20, 30, 40, 50], strict=False)}
_SHORT = {"European Union": "EU", "United Nations": "UN", "United States": "US", "World Health Organization": "WHO"}
_SENTENCE = r"(?:(?<=^)|(?<=[a-z]{2}[.!?] ))"
_NAME = r"[A-Z][a-z]+(?: [A-Z][a-z]+)?"
_COMMON = "The|An?|It|He|She|They|There|This|That|These|Both|In|At|Police|Officials|Two|Three"
"Words that open a sentence with a capital and have none within one."


def family_names(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Name a person by the family name alone, or with the initial of the given name."""
    for match in _PERSON.finditer(source.summary):
        yield match.start("given"), match.end(), match["family"]
        yield match.start("given"), match.end(), f"{match['given'][0]}. {match['family']}"


def signs(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Write a percentage with its sign, and millions and billions of money with their letters."""
    for match in re.finditer(r"(?<=\d) per ?cent\b", source.summary):
        yield *match.span(), "%"
    for match in re.finditer(r"[$£€]\d[\d.,]*(?P<scale> (?P<letter>[mb])illion)\b", source.summary):
        yield *match.span("scale"), {"m": "m", "b": "bn"}[match["letter"]]


def digits(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Write a number word in digits."""
    for match in re.finditer(
        rf"(?<![-\w])(?:{'|'.join(_DIGITS)})\b(?!-| (?:hundred|thousand|million))", source.summary
    ):
        yield *match.span(), str(_DIGITS[match[0]])


def contractions(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Contract a negation."""
    for match in re.finditer(
        r"\b(?:is|are|was|were|has|have|had|does|do|did|would|could|should)(?P<not> not)\b", source.summary
    ):
        yield *match.span("not"), "n't"


def acronyms(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Name a well-known body by its initials."""
    for match in re.finditer("|".join(_SHORT), source.summary):
        yield *match.span(), _SHORT[match[0]]


def asides_dropped(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Leave out a clause between commas that begins with who or which and says nothing of denial or doubt."""
    for match in re.finditer(r", (?:who|which) [^,.!?\"]{5,90},(?= [a-z])", source.summary):
        yield *match.span(), ""


def days_first(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Move the day at the end of a sentence to its beginning."""
    days = "|".join(WEEKDAYS)
    pattern = rf"{_SENTENCE}(?P<what>(?:{_COMMON}|{_NAME}) [^.!?\"]{{20,200}}) on (?P<day>{days})\."
    for match in re.finditer(pattern, source.summary):
        yield *match.span(), f"On {match['day']}, {_within(match['what'])}."


def passives(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Turn a passive active, where a person or the police did it."""
    pattern = (
        rf"{_SENTENCE}(?P<object>(?:{_COMMON}|{_NAME}) [^,.!?\":;]{{0,60}}?)(?: was| were) (?P<verb>[a-z]+ed) "
        rf"by (?P<agent>police|{_NAME})\b(?![ -][A-Z])"
    )
    for match in re.finditer(pattern, source.summary):
        agent = match["agent"][0].upper() + match["agent"][1:]
        yield *match.span(), f"{agent} {match['verb']} {_within(match['object'])}"


def speakers_first(source: PlantedSummary, _: random.Random) -> Iterator[Change]:
    """Move the speaker of a statement before the statement."""
    pattern = (
        rf"{_SENTENCE}(?P<what>(?:{_COMMON}|{_NAME}) [^.!?\"]{{20,200}}), (?P<who>police|officials|{_NAME}) said\."
    )
    for match in re.finditer(pattern, source.summary):
        yield *match.span(), f"{match['who'][0].upper()}{match['who'][1:]} said {_within(match['what'])}."


def _within(text: str) -> str:
    """Return the beginning of a sentence as it is written within a sentence, without its capital."""
    return re.sub(rf"^(?:{_COMMON})\b", lambda word: word[0].lower(), text)


def _unquoted(planter: Planter) -> Planter:
    """Leave quotations unchanged: a quotation in other words would be an error."""

    def reword(source: PlantedSummary, rng: random.Random) -> Iterator[Change]:
        for start, end, text in planter(source, rng):
            before, changed = source.summary[:start], source.summary[start:end]
            if not (before.count('"') % 2 or before.count("“") > before.count("”") or '"' in changed):
                yield start, end, text

    return reword


_PLANTERS: dict[str, Planter] = {
    "family name or initial": family_names,
    "signs of percent and money": signs,
    "digits for number words": digits,
    "contracted negation": contractions,
    "acronym": acronyms,
    "aside left out": asides_dropped,
    "passive made active": passives,
    "day moved to the front": days_first,
    "speaker moved to the front": speakers_first,
}
REWORDINGS = {kind: _unquoted(planter) for kind, planter in _PLANTERS.items()}
"Each kind of true rewording, in the order of the report."


def reword(source: PlantedSummary, rng: random.Random) -> str:
    """Return the summary said otherwise, in each way that it has room for."""
    for planter in REWORDINGS.values():
        source = replace(source, summary=plant(planter, source, rng) or source.summary)
    return source.summary
