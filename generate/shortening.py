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

LEFT_OUT = 1.0
"Logits taken from a word that does not follow the one before in the sentence."
_MOST_LEFT_OUT = 4
"Most words that say something between two that a draft joins: the gate allows no more."
_LEAST_WORDS = 5
_MOST_WORDS = 14
"Of a draft."
_LATEST_START = 0.5
"Share of a sentence that may be left out before a draft begins."
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_OUTER = re.compile(r"^[^\w$£€]+|[^\w%]+$")
"What is no part of a word, where it stands round one; the marks of money and shares are."
_BREAKS = re.compile(r"[,;:–—]$|^[–—-]+$")

_LINKS = frozenset(
    "in on at from by for with about into over after before since until during between among against through amid via "
    "as because although though while when where who which following despite".split()
)
"Before these a sentence can end."
_PHRASES = _LINKS | frozenset("of to and or but that than".split())
"These begin what can be left out as a whole, or come after it."
_LIGHT = frozenset("a an the that has have had is are was were been being mr mrs ms dr also just".split())
"Any number of these can be left out in a row, as headlines do."
_TELLING = frozenset(
    "former ex acting deputy vice assistant attempted failed fake false almost nearly only mock self-declared "
    "so-called would-be half least most more less".split()
)
"What comes after these is another thing without them."

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
    light: bool
    opens: bool
    "Whether a phrase begins with it, or a pause is before it."
    to_end: int
    "How many words after it the next one stands that a draft can end with; 0 for this one."


class Shortenings:
    """The tokens that each beginning of a draft can go on with."""

    def __init__(self, sentences: Sequence[str], tokens: Tokens, ends: Sequence[int]) -> None:
        """Take the sentences that a draft may be of, how a text becomes tokens, and the tokens that end a draft."""
        self._sentences = [_words(sentence, tokens) for sentence in sentences]
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
                for word, cost in _starts(sentence):
                    yield _Place(number, word, first=True, written=0, words=1), cost
            return
        for place in self._reached(written):
            sentence = self._sentences[place.sentence]
            if place.written < len(self._tokens(place)):
                yield place, 0.0
                continue
            for word, cost in _after(sentence, place.word):
                if place.words + 1 + sentence[word].to_end <= _MOST_WORDS:
                    yield _Place(place.sentence, word, first=False, written=0, words=place.words + 1), cost

    def _tokens(self, place: _Place) -> tuple[int, ...]:
        word = self._sentences[place.sentence][place.word]
        return word.first if place.first else word.inner

    def _may_end(self, place: _Place) -> bool:
        whole = place.written == len(self._tokens(place)) and place.words >= _LEAST_WORDS
        return whole and self._sentences[place.sentence][place.word].to_end == 0


def _starts(sentence: Sequence[_Word]) -> Iterator[tuple[int, float]]:
    """Yield the words that a draft can begin with: the first, or the first of a later part, without its articles."""
    latest, left_out = int(len(sentence) * _LATEST_START), 0.0
    for number, word in enumerate(sentence):
        if number > latest:
            return
        opens = number == 0 or word.opens or all(other.light for other in sentence[:number])
        if opens or (sentence[number - 1].light and sentence[number - 1].opens):
            yield number, left_out
        left_out = LEFT_OUT


def _after(sentence: Sequence[_Word], last: int) -> Iterator[tuple[int, float]]:
    """Yield the words that may follow the one at `last`, with what leaving out those between costs.

    Left out are light words, one word alone, or a phrase from where it opens to where the next one does.
    """
    said, light = 0, True
    for number in range(last + 1, len(sentence)):
        word = sentence[number]
        between = number - last - 1
        phrase = sentence[last + 1].opens and (word.opens or word.light)
        if between <= 1 or light or phrase:
            yield number, LEFT_OUT if between else 0.0
        said, light = said + word.says, light and word.light
        if word.stays or said > _MOST_LEFT_OUT:
            return


def _words(sentence: str, tokens: Tokens) -> list[_Word]:
    """Return the words of a sentence, without brackets and marks."""
    texts, paused, breaks = [], [], False
    for part in _BRACKETS.sub("", sentence).split():
        word = _OUTER.sub("", part)
        if word:
            texts.append(word)
            paused.append(breaks)
            breaks = False
        breaks = breaks or bool(_BREAKS.search(part.rstrip("\"'”’")))
    found: list[_Word] = []
    to_end = 0
    for number in range(len(texts) - 1, -1, -1):
        word, plain = texts[number], texts[number].lower()
        last = number + 1 == len(texts)
        ends = (last or paused[number + 1] or texts[number + 1].lower() in _LINKS) and _can_end(word)
        to_end = 0 if ends or last else to_end + 1
        first, inner = (tuple(tokens(form)) for form in (word[:1].upper() + word[1:], f" {word}"))
        found.append(
            _Word(
                first,
                inner,
                says=bool(content_stem(word)),
                stays=is_guarded(word) or plain in _TELLING,
                light=plain in _LIGHT,
                opens=paused[number] or plain in _PHRASES,
                to_end=to_end,
            )
        )
    return [word for word in reversed(found) if word.first and word.inner]


def _can_end(word: str) -> bool:
    return bool(content_stem(word)) and not is_guarded(word) and word.lower() not in _TELLING
