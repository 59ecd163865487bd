"""The people, places and bodies that several articles speak of, each counted once however it is written."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from broadsheet.generate.text.dates import dates
from broadsheet.generate.text.names import HONORIFICS, acronyms, is_title_case, names
from broadsheet.generate.text.words import FUNCTION_WORDS, fold, has_run, sentences, stem, without_dateline, words

_Words = tuple[str, ...]

_OF_THEIR_NAME = frozenset(map(stem, "king queen prince princess pope lord lady sir general justice".split()))
"Stems of titles that are part of a name: without it the name is another, as in Prince Harry or General Motors."
_DROPPED = (HONORIFICS | {stem("vice")}) - _OF_THEIR_NAME
_NO_NAME = frozenset(
    "analysis opinion exclusive breaking update updated review interview profile obituary explained podcast "
    "game games week day part season round video videos photo photos live top best watch see read click here "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
"Words that headlines write with a capital, and shortened months."
_OF_OUTLETS = frozenset("the news online".split())
"Words in the name of a source that are left out when the source is spoken of."
_NOT_SHORT = frozenset({"house"})
"Last words that are a name of their own, and not of the same thing: the House is not the White House."
_PARTS = re.compile(r"[:;|\"“”]|\s[-–—]+\s|—")
"Characters within a sentence after which a capital marks no name."
_SHORTEST, _LONGEST = 3, 5
"Fewest and most letters of an acronym: two letters are the initials of too many pairs of words."


@dataclass(frozen=True)
class _Read:
    """What one article says, as far as it can be told without the other articles."""

    within: tuple[_Words, ...]
    "Runs of capitalised words within a sentence."
    opening: tuple[_Words, ...]
    "Runs of capitalised words that open a sentence, whose first word has a capital in any case."
    small: frozenset[str]
    "Words in small letters."
    initials: frozenset[str]
    "Initials of capitalised words in a row, in small letters."
    heading: _Words
    "The folded words of a title in title case; empty for each word in small letters."


@dataclass
class _Name:
    """A name, with all forms that count as the same name."""

    forms: Counter[str] = field(default_factory=Counter)
    "How often the name is written in each form."
    articles: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The form in which the name is written most often."""
        return min(self.forms, key=lambda form: (-self.forms[form], form))

    @property
    def is_acronym(self) -> bool:
        """Whether the name is written as initials, dots ignored."""
        letters = self.text.replace(".", "")
        return letters.isalpha() and letters.isupper() and _SHORTEST <= len(letters) <= _LONGEST


def names_of(articles: Sequence[tuple[str, str, str]]) -> list[tuple[str, set[int]]]:
    """Return each name of some articles, with the numbers of the articles that have it.

    An article is its title, abstract and source. If some article has both the whole name and the family name of a
    person, they count as one name everywhere; so do a name and its initials. Where capitals mark no names, as in
    headlines in title case, only names that stand elsewhere are looked for. The name of an article's own outlet does
    not count: it says who writes, not about whom.
    """
    read = [_read(title, abstract) for title, abstract, _ in articles]
    found: dict[_Words, _Name] = {}
    for number, name in _mentions(read):
        one = found.setdefault(tuple(map(fold, name)), _Name())
        one.forms[" ".join(name)] += 1
        one.articles.add(number)
    _join_family_names(found)
    _join_acronyms(found, read)
    _look_in_headings(found, read)
    for key, one in found.items():
        one.articles -= {number for number in one.articles if _is_outlet(key, articles[number][2])}
    return [(one.text, one.articles) for one in found.values()]


def _is_outlet(name: _Words, source: str) -> bool:
    """Whether a folded name is that of a source: in whole, by its initials, or without `The` and `News`."""
    whole, short, initials = _outlet(source)
    return name in (whole, short) or name in initials or (len(name) > 1 and (_initials(name),) == short)


@lru_cache(maxsize=1 << 12)  # a few sources have all articles
def _outlet(source: str) -> tuple[_Words, _Words, set[_Words]]:
    """Return the folded name of a source in whole, without `The` and `News`, and the initials of both."""
    whole = tuple(map(fold, words(source)))
    short = tuple(word for word in whole if word not in _OF_OUTLETS) or whole
    return whole, short, {(_initials(long),) for long in (whole, short) if len(long) > 1}


def _initials(name: _Words) -> str:
    return "".join(word[0] for word in name)


def _mentions(read: Sequence[_Read]) -> Iterator[tuple[int, _Words]]:
    """Yield the number of the article and the name of each mention, honorifics left out."""
    capital = {fold(word) for one in read for name in one.within for word in name}
    small = frozenset().union(*(one.small for one in read))
    for number, one in enumerate(read):
        opening = (_without_opener(name, capital, small) for name in one.opening)
        for name in map(_core, (*one.within, *opening)):
            if name:
                yield number, name


def _without_opener(name: _Words, capital: set[str], small: frozenset[str]) -> _Words:
    """Return a run that opens a sentence, without its first word if nothing says that this word is part of a name."""
    first = fold(name[0])
    acronym = len(first) > 1 and name[0].isupper()
    return name if acronym or first in capital or (len(name) > 1 and first not in small) else name[1:]


def _core(name: _Words) -> _Words:
    """Return a name without what stands before it, such as `The` or `President`; empty if nothing else is left."""
    while name and (_is_common(name[0]) or (len(name) > 1 and stem(fold(name[0])) in _DROPPED)):
        name = name[1:]
    return () if all(map(_names_nothing, name)) else name


def _is_common(word: str) -> bool:
    return fold(word) in FUNCTION_WORDS and word.replace(".", "") != "US"


def _names_nothing(word: str) -> bool:
    folded = fold(word)
    return len(folded) < 2 or folded in _NO_NAME or stem(folded) in HONORIFICS or _is_common(word) or bool(dates(word))


def _join_family_names(found: dict[_Words, _Name]) -> None:
    """Fold a last word into the one name that ends with it, if an article has both: `Musk` into `Elon Musk`."""
    for key in [key for key in found if len(key) == 1 and key[0] not in _NOT_SHORT]:
        whole = [other for other in found if 2 <= len(other) <= 3 and other[-1:] == key]
        if len(whole) == 1 and found[whole[0]].articles & found[key].articles:
            found[whole[0]].articles |= found.pop(key).articles


def _join_acronyms(found: dict[_Words, _Name], read: Sequence[_Read]) -> None:
    """Merge a name that is written out with its initials: `World Economic Forum` with `WEF`."""
    for key in [key for key, one in found.items() if len(key) == 1 and one.is_acronym]:
        found[key].articles |= {number for number, one in enumerate(read) if key[0] in one.initials}
        for other in [other for other in found if len(other) > 1 and _initials(other) == key[0]]:
            found[key].articles |= found.pop(other).articles


def _look_in_headings(found: dict[_Words, _Name], read: Sequence[_Read]) -> None:
    """Count the headlines in title case that have a name of several words, or an acronym."""
    for key, name in found.items():
        if len(key) > 1 or name.is_acronym:
            name.articles |= {number for number, one in enumerate(read) if has_run(one.heading, key)}


@lru_cache(maxsize=1 << 13)  # articles are read by many
def _read(title: str, abstract: str) -> _Read:
    said = [*sentences(title), *sentences(without_dateline(abstract))]
    clear = [sentence for sentence in said if _capitals_mark_names(sentence)]
    within: list[_Words] = []
    opening: list[_Words] = []
    for part in (part for sentence in clear for part in _PARTS.split(sentence)):
        first = words(part)[:1]
        for number, name in enumerate(map(tuple, names(part))):
            (opening if not number and list(name[:1]) == first else within).append(name)
    return _Read(
        within=tuple(within),
        opening=tuple(opening),
        small=frozenset(fold(word) for word in _words_of(said) if word[0].islower()),
        initials=frozenset(run for run in acronyms("\n".join(clear)) if len(run) >= _SHORTEST),
        heading=() if _capitals_mark_names(title) else tuple(_heading(title)),
    )


def _words_of(texts: Iterable[str]) -> Iterator[str]:
    return (word for text in texts for word in words(text))


def _heading(title: str) -> Iterator[str]:
    return (fold(word) if word[0].isupper() else "" for word in words(title))


def _capitals_mark_names(text: str) -> bool:
    """Whether a text is not in title case: one of its longer words that carry meaning is in small letters."""
    plain = (word for word in words(text) if len(word) > 3 and word[0].islower() and fold(word) not in FUNCTION_WORDS)
    return not is_title_case(text) and any(plain)
