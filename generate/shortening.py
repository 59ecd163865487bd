"""Drafts in the article's own words: which tokens may come next if a draft is a sentence of it with words left out.

The model then only chooses what to leave out (sentence compression by deletion: Filippova et al. 2015, here within the
decoding of any model, whose likelihoods choose), so that what it cannot know it cannot invent. Words that turn a
meaning round when they are left out never are: negations, doubts, who says it. The fact gate reads such a draft like
any other.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from broadsheet.generate.polarity import is_guarded
from broadsheet.generate.words import content_stem

LEFT_OUT = 1.5
"Logits taken from a word that does not follow the one before in the sentence."
_MOST_LEFT_OUT = 4
"Most words that say something between two that a draft joins: the gate allows no more."
_LEAST_WORDS = 5
_MOST_WORDS = 12
"Of a draft."
_LATEST_START = 0.5
"Share of a sentence that may be left out before a draft begins."
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_OUTER = re.compile(r"^[^\w$£€]+|[^\w%]+$")
"What is no part of a word, where it stands round one; the marks of money and shares are."

Tokens = Callable[[str], Sequence[int]]
"""A text to its tokens, blanks before it included."""


@dataclass(frozen=True)
class _Place:
    """Where in a sentence a draft is: so many tokens of a word are written, and so many words in all."""

    sentence: int
    word: int
    first: bool
    written: int
    words: int


@dataclass(frozen=True)
class _Word:
    first: tuple[int, ...]
    "Its tokens where it begins a draft, capitalised."
    inner: tuple[int, ...]
    "Its tokens behind another word."
    says: bool
    "Whether it says something, so that leaving it out counts."
    stays: bool
    "Whether no draft may leave it out between two others."


class Shortenings:
    """The tokens that each beginning of a draft can go on with."""

    def __init__(self, sentences: Sequence[str], tokens: Tokens, ends: Sequence[int]) -> None:
        """Take the sentences that a draft may be of, how a text becomes tokens, and the tokens that end a draft."""
        self._sentences = [list(_words(sentence, tokens)) for sentence in sentences]
        self._ends = list(ends)
        self._known: dict[tuple[int, ...], frozenset[_Place]] = {(): frozenset()}

    def next_tokens(self, written: Sequence[int]) -> dict[int, float]:
        """Return the tokens that may follow, and what is taken from the logit of each; the ends where none may."""
        found: dict[int, float] = {}
        for place, cost in self._onwards(tuple(written)):
            token = self._tokens(place)[place.written]
            found[token] = min(found.get(token, cost), cost)
        if not found or any(self._may_end(place) for place in self._reached(tuple(written))):
            found |= dict.fromkeys(self._ends, 0.0)
        return found

    def _reached(self, written: tuple[int, ...]) -> frozenset[_Place]:
        """Return the places where a draft of these tokens can be: a word may occur more than once."""
        if written not in self._known:
            self._known[written] = frozenset(
                _Place(place.sentence, place.word, place.first, place.written + 1, place.words)
                for place, _ in self._onwards(written[:-1])
                if self._tokens(place)[place.written] == written[-1]
            )
        return self._known[written]

    def _onwards(self, written: tuple[int, ...]) -> Iterator[tuple[_Place, float]]:
        """Yield the places whose next token may follow, with the cost."""
        if not written:
            for number, sentence in enumerate(self._sentences):
                latest = int(len(sentence) * _LATEST_START)
                for word, cost in _from(sentence, 0):
                    if word <= latest:
                        yield _Place(number, word, True, 0, 1), cost
            return
        for place in self._reached(written):
            if place.written < len(self._tokens(place)):
                yield place, 0.0
            elif place.words < _MOST_WORDS:
                for word, cost in _from(self._sentences[place.sentence], place.word + 1):
                    yield _Place(place.sentence, word, False, 0, place.words + 1), cost

    def _tokens(self, place: _Place) -> tuple[int, ...]:
        word = self._sentences[place.sentence][place.word]
        return word.first if place.first else word.inner

    def _may_end(self, place: _Place) -> bool:
        return place.written == len(self._tokens(place)) and place.words >= _LEAST_WORDS


def _from(sentence: Sequence[_Word], start: int) -> Iterator[tuple[int, float]]:
    """Yield the words that may follow, from `start` on, with what leaving out those before them costs."""
    left_out = 0
    for word in range(start, len(sentence)):
        yield word, LEFT_OUT if word > start else 0.0
        left_out += sentence[word].says
        if sentence[word].stays or left_out > _MOST_LEFT_OUT:
            return


def _words(sentence: str, tokens: Tokens) -> Iterator[_Word]:
    for text in _BRACKETS.sub("", sentence).split():
        word = _OUTER.sub("", text)
        if word:
            first, inner = (tuple(tokens(form)) for form in (word[:1].upper() + word[1:], f" {word}"))
            if first and inner:
                yield _Word(first, inner, bool(content_stem(word)), is_guarded(word))
