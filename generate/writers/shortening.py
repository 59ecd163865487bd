"""Drafts in the article's own words: which tokens may come next if a draft is a sentence with words left out.

The model only chooses which words to leave out (sentence compression by deletion: Filippova et al. 2015; here the
likelihoods of any model choose, while it decodes), so it cannot invent. Words without which a sentence would say
something else are never left out: negations, doubts, who says it. The fact gate reads such a draft like any other.

An example: the sentence is "The mayor opened a new bridge" and the draft so far "The mayor opened a". The next token
may begin " new" at no cost, or " bridge" at the cost LEFT_OUT, since "new" is then left out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from broadsheet.generate.text.phrases import Word, following, starts, words_of

LEFT_OUT = 1.0
"What a word loses of its logit if words of the sentence are left out before it."
_LEAST_WORDS = 5
_MOST_WORDS = 16
"Of a draft."

Tokens = Callable[[str], Sequence[int]]
"""A text, with the blanks before it, to its tokens."""


@dataclass(frozen=True)
class _Place:
    """How far a draft has come: to word `word` of a sentence, of whose tokens `written` are drafted.

    `form` is the field of `_Word` with these tokens; `words` counts the draft's words, this word included.
    """

    sentence: int
    word: int
    form: str
    written: int
    words: int


@dataclass(frozen=True)
class _Word:
    word: Word
    first: tuple[int, ...]
    "Its tokens at the beginning of a draft, capitalised."
    inner: tuple[int, ...]
    "Its tokens after a word that is not its neighbour in the sentence."
    next: tuple[int, ...]
    "Its tokens after its neighbour in the sentence, with the comma that is between them."


class Shortenings:
    """Knows, for each beginning of a draft, the tokens that may follow."""

    def __init__(self, sentences: Sequence[str], tokens: Tokens, ends: Sequence[int]) -> None:
        """Take the sentences that may be shortened, how a text becomes tokens, and the tokens that end a draft."""
        self._sentences = [_words(sentence, tokens) for sentence in sentences]
        self._ends = list(ends)
        self._places: dict[tuple[int, ...], frozenset[_Place]] = {(): frozenset()}

    def next_tokens(self, written: Sequence[int]) -> dict[int, float]:
        """Return the tokens that may follow, and what each loses of its logit; the end tokens if no word may follow."""
        found: dict[int, float] = {}
        for place, cost in self._onwards(tuple(written)):
            token = self._tokens(place)[place.written]
            found[token] = min(found.get(token, cost), cost)
        if not found or any(self._may_end(place) for place in self._reached(tuple(written))):
            found |= dict.fromkeys(self._ends, 0.0)
        return found

    def _reached(self, written: tuple[int, ...]) -> frozenset[_Place]:
        """Return the places that a draft of these tokens can have reached: several, if a word occurs more than once."""
        if written not in self._places:
            self._places[written] = frozenset(
                _Place(place.sentence, place.word, place.form, place.written + 1, place.words)
                for place, _ in self._onwards(written[:-1])
                if self._tokens(place)[place.written] == written[-1]
            )
        return self._places[written]

    def _onwards(self, written: tuple[int, ...]) -> Iterator[tuple[_Place, float]]:
        """Yield the places whose next token may follow, and what that token loses of its logit."""
        if not written:
            for number, sentence in enumerate(self._sentences):
                for word in starts([one.word for one in sentence]):
                    yield _Place(number, word, "first", 0, 1), LEFT_OUT if word else 0.0
            return
        for place in self._reached(written):
            sentence = self._sentences[place.sentence]
            if place.written < len(self._tokens(place)):
                yield place, 0.0
                continue
            for word in following([one.word for one in sentence], place.word):
                if place.words + 1 + sentence[word].word.to_end <= _MOST_WORDS:
                    form, cost = ("inner", LEFT_OUT) if word > place.word + 1 else ("next", 0.0)
                    yield _Place(place.sentence, word, form, 0, place.words + 1), cost

    def _tokens(self, place: _Place) -> tuple[int, ...]:
        found: tuple[int, ...] = getattr(self._sentences[place.sentence][place.word], place.form)
        return found

    def _may_end(self, place: _Place) -> bool:
        whole = place.written == len(self._tokens(place)) and place.words >= _LEAST_WORDS
        return whole and self._sentences[place.sentence][place.word].word.to_end == 0


def _words(sentence: str, tokens: Tokens) -> list[_Word]:
    found = []
    for word in words_of(sentence):
        comma = word.mark if word.mark in (",", ";", ":") else ""
        forms = (word.text[:1].upper() + word.text[1:], f" {word.text}", f"{comma} {word.text}")
        first, inner, after = (tuple(tokens(form)) for form in forms)
        if first and inner and after:
            found.append(_Word(word, first, inner, after))
    return found
