"""The fact gate: what a text says that its article does not.

It holds numbers, names and the remaining words of a text against the article, and asks that one place of the article
says what each sentence says, in nearly that order and with the same negations: a small model's usual error is a true
name with another's deed. It is made to refuse rather than to pass, since a refused draft is replaced by the publisher's
own words.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from broadsheet.generate.names import acronyms, is_known, is_title_case, name_stream, names
from broadsheet.generate.quantities import quantities
from broadsheet.generate.words import (
    NOT,
    PERHAPS,
    SAY,
    content,
    content_stem,
    fold,
    longest_common,
    sentences,
    stem,
    words,
)

SAID = 0.9
"Least share of a sentence's words that one place of the article, two sentences in a row, must have."
IN_ORDER = 0.85
"Least share of a sentence's words that this place must have in the same order."
APART = 4
"Most words that the article may have between two that the sentence joins, function words not counted."

_PLACES = 4
_GUARDED = {PERHAPS, SAY} | {
    stem(word) for word in "denied deny accused accuse alleged claim report rumour refuse reject fail".split()
}
"What turns a claim's meaning round where a draft leaves it out."
_TALK = re.compile(
    r"^(?:sure\b|certainly\b|of course\b|here(?:'s| is| are)\b|i'm sorry\b|i am sorry\b|sorry,|(?:headline|summary):)"
    r"|\b(?:as an ai|language model|i cannot|i can't (?:help|assist|provide)|(?:this|the) article)\b|<\|",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|[Mm]y|me|[Ww]e|[Oo]ur|us)\b(?!\.)")


def check(text: str, article: str) -> list[str]:
    """Return what is wrong with a text about an article, such as `number 300` or `name Arsenal`; empty if nothing is.

    `article` is the title, abstract and body, each on lines of its own.
    """
    if not re.search(r"[^\W\d_]", text):
        return ["empty"]
    found = _talk(text) + _loops(text) + _numbers(text, article) + _names(text, article)
    found += [problem for sentence in sentences(text) for problem in _claim(sentence, article)]
    return list(dict.fromkeys(found))


def _talk(text: str) -> list[str]:
    unquoted = re.sub(r'"[^"]*"|“[^”]*”', "", text.replace("’", "'"))
    return (
        ["talk of the writer"] if _TALK.search(unquoted) else ["first person"] if _FIRST_PERSON.search(unquoted) else []
    )


def _loops(text: str) -> list[str]:
    folded = [fold(word) for word in words(text)]
    trigrams = [tuple(folded[place : place + 3]) for place in range(len(folded) - 2)]
    stuck = any(len(list(run)) >= 3 for _, run in groupby(folded))
    return ["loop"] if stuck or any(trigrams.count(trigram) >= 3 for trigram in trigrams) else []


def _numbers(text: str, article: str) -> list[str]:
    said = [(value, quantity.unit) for quantity in quantities(article) for value in quantity.values]
    return [
        f"number {quantity.text}"
        for quantity in quantities(text)
        if quantity.text.lower() != "one"  # nearly always a pronoun
        and not any(value in quantity.values and _same_unit(quantity.unit, unit) for value, unit in said)
    ]


def _same_unit(claimed: str, said: str) -> bool:
    """Tell whether a number means the same: bare, it may be of percent or money; as an ordinal, of a date."""
    return claimed == said or (claimed == "" and said != "ordinal") or (claimed == "ordinal" and said == "")


def _names(text: str, article: str) -> list[str]:
    stream, known_acronyms = _known_names(article)
    if not is_title_case(text):
        return [f"name {' '.join(name)}" for name in names(text) if not is_known(name, stream, known_acronyms)]
    stems = set(content(article)) | known_acronyms
    return [
        f"word {word}"
        for word in words(text)
        if not word[0].isdigit() and content_stem(word) not in {"", NOT, PERHAPS, SAY} | stems
    ]


@lru_cache(maxsize=64)
def _known_names(article: str) -> tuple[tuple[str, ...], set[str]]:
    return tuple(name_stream(article)), acronyms(article)


@lru_cache(maxsize=64)
def _places(article: str) -> tuple[tuple[str, ...], ...]:
    parts = [
        content(sentence) for sentence in sentences(article) if not sentence.endswith("?")
    ]  # a question claims nothing
    return (tuple(parts[0] if parts else ()), *(tuple(first + second) for first, second in pairwise(parts)))


def _claim(sentence: str, article: str) -> list[str]:
    """Return what the place that comes closest to the sentence does not say; nothing if any place says it all."""
    _, known_acronyms = _known_names(article)
    said = [word for word in content(sentence) if word not in known_acronyms]
    if not said:
        return ["empty"]
    by_overlap = sorted(_places(article), key=lambda place: -len(set(said) & set(place)))
    tried = [_held_against(sentence, said, place) for place in by_overlap[:_PLACES]]
    return min(tried, default=(1, ["claim"]))[1]


def _held_against(sentence: str, said: Sequence[str], place: Sequence[str]) -> tuple[int, list[str]]:
    """Return how far a place is from saying a sentence, 0 if it does, and the problems."""
    missing = {word for word in said if word not in place} - {NOT, PERHAPS, SAY}
    if sum(word in missing for word in said) > (1 - SAID) * len(said):
        unsaid = [word for word in words(sentence) if content_stem(word) in missing]
        return 100 + len(missing), [f"claim {' '.join(unsaid)}"]
    pairs = longest_common(said, place)
    joined = all(after - before <= APART for (_, before), (_, after) in pairwise(pairs))
    problems = [] if joined and len(pairs) >= IN_ORDER * len(said) else ["order of words"]
    problems += _name_order(sentence, place) + _negations(said, place, pairs)
    return len(problems), problems


def _name_order(sentence: str, place: Sequence[str]) -> list[str]:
    stems = [content_stem(name[-1]) for name in names(sentence)]
    spots = [place.index(found) for found in stems if place.count(found) == 1]
    return ["order of names"] if spots != sorted(spots) else []


def _negations(said: Sequence[str], place: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    invented = {index for index, word in enumerate(said) if word == NOT} - {index for index, _ in pairs}
    dropped = {word for (_, first), (_, second) in pairwise(pairs) for word in place[first + 1 : second]}
    return ["negation"] * bool(invented or NOT in dropped) + ["doubt"] * bool(_GUARDED & dropped)
