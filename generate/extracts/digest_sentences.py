"""What each sentence of an article is for a digest: what happened, what somebody says, or background."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from broadsheet.generate.extracts.extract import stands_alone, whole_sentences
from broadsheet.generate.gate.model_talk import form_problems
from broadsheet.generate.text.names import names
from broadsheet.generate.text.speakers import is_said_by_a_pronoun, quotes, speaker
from broadsheet.generate.text.words import count, fold, words

HAPPENED, SAYS, BACKGROUND = "happened", "says", "background"

_READ = 20
"How many sentences of an article are read."
_LEAD = 3
"How many sentences of an article, from its beginning, tell what is new."
_MOST_WORDS = 45
"Most words of a sentence."
_OLDER = timedelta(hours=12)
"An article that is older than the newest one by more than this tells what came before."
_PAST = re.compile(
    r"\b(?:(?:19|20)\d\d|(?:last|previous|past|recent) (?:year|month|decade|summer|winter|spring|autumn|years|months)"
    r"|(?:years?|months?|decades?|weeks?) (?:ago|earlier)|since|previously|formerly|in recent years"
    r"|ha[ds] (?:already |previously |long )?been|(?:first|second|third) time|history)\b",
    re.IGNORECASE,
)
"Words of English that speak of the time before an event."


@dataclass(frozen=True)
class ArticleSentence:
    """A sentence of one of several articles."""

    text: str
    article: int
    "The number of the article."
    place: int
    "The sentence's place among the sentences of its article, from 0."
    part: str
    "HAPPENED, SAYS or BACKGROUND."
    speaker: str
    "Who says it, see `speaker`; empty if nobody does."
    quotes: bool
    names_in_full: bool
    "Whether its speaker is named with a first name or a title."


def article_sentences(articles: Sequence[Mapping[str, Any]]) -> list[ArticleSentence]:
    """Return the sentences of articles that can stand in a digest, in their order, each once.

    These sentences are left out: those that do not stand alone, are long, say `I` outside quotation marks, quote
    somebody whom they do not name, or fit no part of a digest. `articles` are rows of a NEWS table with known times.
    """
    newest = max(article["published_at"] for article in articles)
    found: dict[tuple[str, ...], ArticleSentence] = {}
    for number, article in enumerate(articles):
        for place, text in enumerate(whole_sentences(article["abstract"], article["body"], _READ)):
            sentence = _read(text, number, place, _is_older(article["published_at"], newest))
            if sentence is not None:
                found.setdefault(tuple(map(fold, words(text))), sentence)
    return list(found.values())


def _is_older(published_at: datetime, newest: datetime) -> bool:
    return newest - published_at > _OLDER


@dataclass(frozen=True)
class _Reading:
    """What a sentence says, wherever it stands."""

    speaker: str
    quotes: bool
    of_the_past: bool
    "Whether it speaks of the time before an event."
    in_full: bool
    "Whether its speaker is named with a first name or a title."


def _read(text: str, article: int, place: int, older: bool) -> ArticleSentence | None:
    reading = _reading(text)
    part = _part(reading, place, older=older) if reading else ""
    if not reading or not part:
        return None
    in_full = part == SAYS and reading.in_full
    return ArticleSentence(text, article, place, part, reading.speaker, reading.quotes, in_full)


@lru_cache(maxsize=1 << 12)  # digests of one event read the same sentences
def _reading(text: str) -> _Reading | None:
    """Return what a sentence says, or None if it can stand in no digest."""
    if not stands_alone(text) or is_said_by_a_pronoun(text) or count(text) > _MOST_WORDS or form_problems(text, ""):
        return None
    who = speaker(text)
    return _Reading(who, quotes(text), bool(_PAST.search(text)), bool(who) and _in_full(text, who))


def _part(reading: _Reading, place: int, *, older: bool) -> str:
    """Return the part of a digest that a sentence belongs to; empty if it belongs to none."""
    if reading.quotes or (reading.speaker and place >= _LEAD):
        return SAYS if reading.speaker else ""
    if reading.of_the_past and place:
        return BACKGROUND
    if place >= _LEAD:
        return ""
    return BACKGROUND if older else HAPPENED


def _in_full(text: str, who: str) -> bool:
    return any(len(name) > 1 and fold(name[-1]) == who for name in names(text))
