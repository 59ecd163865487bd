"""Drafts in the article's own words: which tokens may come next if a draft is a sentence of it with words left out.

The model then only chooses what to leave out (sentence compression by deletion: Filippova et al. 2015, here within the
decoding of any model, whose likelihoods choose), so that what it cannot know it cannot invent. Words that turn a
meaning round when they are left out never are: negations, doubts, who says it. The fact gate reads such a draft like
any other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from broadsheet.generate.text.phrases import Word, following, starts, words_of

LEFT_OUT = 1.0
"Logits taken from a word that does not follow the one before in the sentence."
_LEAST_WORDS = 5
_MOST_WORDS = 16
"Of a draft."

Tokens = Callable[[str], Sequence[int]]
"""A text to its tokens, blanks before it included."""


@dataclass(frozen=True)
class _Place:
    """How far a draft has come: `written` tokens of word `word` (in the form `form`) are out, `words` words in all."""

    sentence: int
    word: int
    form: str
    written: int
    words: int


@dataclass(frozen=True)
class _Word:
    word: Word
    first: tuple[int, ...]
    "Its tokens where it begins a draft, capitalised."
    inner: tuple[int, ...]
    "Its tokens behind another word."
    next: tuple[int, ...]
    "Its tokens behind the word before it in the sentence, with the comma that is between them."


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
                _Place(place.sentence, place.word, place.form, place.written + 1, place.words)
                for place, _ in self._onwards(written[:-1])
                if self._tokens(place)[place.written] == written[-1]
            )
        return self._known[written]

    def _onwards(self, written: tuple[int, ...]) -> Iterator[tuple[_Place, float]]:
        """Yield the places whose next token may follow, with the cost."""
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
