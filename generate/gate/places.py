"""The places of an article that a sentence can be held against: each sentence, and each two in a row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from textwrap import wrap

from broadsheet.generate.gate.tokens import END, NAME, Token, proper_words, tokens, undated
from broadsheet.generate.text.dates import dates
from broadsheet.generate.text.names import acronyms, name_stream
from broadsheet.generate.text.quantities import Quantity, quantities
from broadsheet.generate.text.words import sentences

_END = Token(END, "", -1, "", False)
_PRONOUN = re.compile(r"\W*(?:he|she|it|they|his|her|its|their)\b", re.IGNORECASE)
_BACK = 2
"Sentences before one that opens with a pronoun, in which the pronoun's name is looked for."
_LONGEST = 1500
"Most characters of a sentence: comparing with a place takes time in proportion to its length."
_OFFSET = 10_000
"More than the mentions of one sentence, so that the mentions of two sentences differ."


@dataclass(frozen=True)
class Place:
    """One sentence of the article, or two in a row."""

    text: str
    tokens: tuple[Token, ...]
    named_before: frozenset[str]
    "If the place opens with a pronoun: stems of the names in the sentences before."

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """The stems of the tokens, in order."""
        return tuple(token.stem for token in self.tokens)

    @cached_property
    def known(self) -> frozenset[str]:
        """The stems as a set."""
        return frozenset(self.stems)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """The place's numbers, except those of its dates."""
        return [quantity for line in self.text.split("\n") for quantity in undated(line)]


@dataclass(frozen=True)
class Article:
    """An article, read once for all sentences that are compared with it."""

    text: str
    proper: frozenset[str]
    "The words, folded, that the article writes with a capital; see `proper_words`."
    stream: tuple[str, ...]
    "The article's folded words, in order."
    acronyms: set[str]
    quantities: tuple[Quantity, ...]
    dates: frozenset[str]
    "The values of the article's dates."
    statements: tuple[Place, ...]
    questions: tuple[Place, ...]
    "Places that claim nothing, such as questions."


@lru_cache(maxsize=64)
def read_article(text: str) -> Article:
    """Read the title, the abstract and the body of an article, each on lines of its own."""
    proper = proper_words(text)
    parts = [piece for sentence in sentences(text) for piece in _pieces(sentence)]
    read = [tokens(part, proper, number * _OFFSET) for number, part in enumerate(parts)]
    singles = [
        Place(part, found, _named_before(number, parts, read))
        for number, (part, found) in enumerate(zip(parts, read, strict=True))
    ]
    statements = [place for place in singles if not place.text.endswith("?")]
    pairs = [_joined(first, second) for first, second in pairwise(statements)]
    return Article(
        text,
        proper,
        stream=tuple(name_stream(text)),
        acronyms=acronyms(text),
        quantities=tuple(quantity for part in parts for quantity in quantities(part)),
        dates=frozenset(date.value for part in parts for date in dates(part)),
        statements=(*statements, *pairs),
        questions=tuple(place for place in singles if place.text.endswith("?")),
    )


def _pieces(sentence: str) -> list[str]:
    """Return a sentence, or parts of it if it is too long to be one sentence: a list, or a text without full stops."""
    return wrap(sentence, _LONGEST) if len(sentence) > _LONGEST else [sentence]


def _named_before(number: int, parts: Sequence[str], read: Sequence[tuple[Token, ...]]) -> frozenset[str]:
    if not _PRONOUN.match(parts[number]):
        return frozenset()
    before = read[max(0, number - _BACK) : number]
    return frozenset(token.stem for found in before for token in found if token.kind == NAME)


def _joined(first: Place, second: Place) -> Place:
    return Place(f"{first.text}\n{second.text}", (*first.tokens, _END, *second.tokens), first.named_before)


def likeliest(said: Sequence[Token], places: Sequence[Place], most: int) -> list[Place]:
    """Return the `most` places that share the most stems with a sentence; of two equal ones the shorter comes first."""
    stems = {token.stem for token in said}
    return sorted(places, key=lambda place: (-len(stems & place.known), len(place.tokens)))[:most]
