"""Whether one place of the article says what a sentence says: its words, facts, order, negations and doubts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from broadsheet.generate.alignment import longest_common, misplaced
from broadsheet.generate.dates import says
from broadsheet.generate.names import HONORIFICS, is_known
from broadsheet.generate.places import Article, Place, initials, likeliest
from broadsheet.generate.quantities import Quantity, same_unit
from broadsheet.generate.tokens import BY, DATE, NAME, NUMBER, Token, tokens, undated
from broadsheet.generate.words import NOT, PERHAPS, SAY, fold, stem, words

SAID = 0.9
"Least share of a sentence's words that one place of the article, two sentences in a row, must have."
IN_ORDER = 0.85
"Least share of a sentence's words that this place must have in the same order."
APART = 4
"Most words that the article may have between two that the sentence joins, function words not counted."

_PLACES = 6
_GUARDED = {PERHAPS, SAY} | {
    stem(word) for word in "denied deny accused accuse alleged claim report rumour refuse reject fail".split()
}
"What turns a claim's meaning round where a draft leaves it out."
_SHORT = 3
"Words below which a sentence must be in the article word for word: nearly any place has two words somewhere."
_UNSAID = 100
"How far a place is, at least, that lacks a sentence's words."


@dataclass(frozen=True)
class _Sentence:
    text: str
    tokens: tuple[Token, ...]
    quantities: list[Quantity]


def unclaimed(sentence: str, article: Article) -> list[str]:
    """Return what the place that comes closest to a sentence does not say; nothing if any place says it all."""
    said = _Sentence(sentence, tokens(sentence, article.proper), undated(sentence))
    if not said.tokens:
        return ["empty"]
    if len(said.tokens) < _SHORT:
        return [] if _is_verbatim(sentence, article) else [f"claim {sentence}"]
    places = article.questions + article.statements if sentence.endswith("?") else article.statements
    best = (_UNSAID * _UNSAID, ["claim"])
    for place in likeliest(said.tokens, places, _PLACES):
        best = min(best, _held_against(said, place, article), key=lambda found: found[0])
        if not best[1]:
            break
    return best[1]


def _is_verbatim(sentence: str, article: Article) -> bool:
    said, size = tuple(map(fold, words(sentence))), len(words(sentence))
    return any(article.stream[start : start + size] == said for start in range(len(article.stream)))


def _held_against(sentence: _Sentence, place: Place, article: Article) -> tuple[int, list[str]]:
    """Return how far a place is from saying a sentence, 0 if it does, and the problems."""
    said = _without_aliases(sentence.tokens, place, article)
    missing = [token for token in said if not _has(place, token) and token.stem not in (NOT, PERHAPS, SAY, BY)]
    if not said or len(missing) > (1 - SAID) * len(said):
        return _UNSAID + len(missing), [f"claim {' '.join(token.text for token in missing)}"]
    pairs = longest_common([token.stem for token in said], place.stems)
    problems = [] if _is_in_order(said, pairs) else ["order of words"]
    problems += [f"{token.kind} {token.text}" for token in missing if token.kind in (NAME, DATE)]
    problems += _numbers(sentence.quantities, place)
    problems += [f"order of {kind}s {', '.join(found)}" for kind, found in misplaced(said, place.tokens, pairs).items()]
    problems += _turned(said, place.stems, pairs)
    return len(problems), problems


def _is_in_order(said: Sequence[Token], pairs: Sequence[tuple[int, int]]) -> bool:
    """Tell whether the common words are close together and nearly all; who said it may stand first or last."""
    joined = all(after - before <= APART for (_, before), (_, after) in pairwise(pairs))
    moved = sum(token.stem == SAY for token in said) - sum(said[index].stem == SAY for index, _ in pairs)
    return joined and len(pairs) >= IN_ORDER * (len(said) - moved)


def _has(place: Place, token: Token) -> bool:
    return token.stem in place.known or (token.kind == DATE and any(says(stem, token.stem) for stem in place.known))


def _numbers(claimed: Sequence[Quantity], place: Place) -> list[str]:
    """Return the numbers that the place does not have; `one` may be its `a`."""
    return [
        f"{NUMBER} {quantity.text}"
        for quantity in claimed
        if not any(quantity.values & said.values and same_unit(quantity.unit, said.unit) for said in place.quantities)
        and not (quantity.text.lower() == "one" and re.search(r"\ban?\b", place.text))
    ]


def _without_aliases(said: Sequence[Token], place: Place, article: Article) -> list[Token]:
    """Leave out the words of names that the place has in another form: shorter, as initials, or as a pronoun."""
    kept: list[Token] = []
    for _, group in groupby(said, key=lambda token: token.mention):
        mention = list(group)
        there = [token for token in mention if token.stem in place.known]
        if mention[0].kind != NAME or len(there) == len(mention):
            kept += mention
        elif mention[-1] in there and _is_longer(mention, place, article):
            kept += there
        elif not (not there and _stands_for(mention, place, first=mention[0] is said[0])):
            kept += mention
    return kept


def _is_longer(mention: Sequence[Token], place: Place, article: Article) -> bool:
    """Tell whether the article has a name whole that the place has in part, and the place no other of that last word."""
    own = {token.stem for token in mention}
    same = {token.mention for token in place.tokens if token.stem == mention[-1].stem}
    others = {token.stem for token in place.tokens if token.mention in same} - own - HONORIFICS
    return not others and is_known([token.text for token in mention], article.stream, article.acronyms)


def _stands_for(mention: Sequence[Token], place: Place, *, first: bool) -> bool:
    if len(mention) == 1 and mention[0].stem in place.acronyms:
        return True
    if len(mention) > 1 and initials(mention) in place.known:
        return True
    return first and all(token.stem in place.named_before for token in mention)


def _turned(said: Sequence[Token], place: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Return whether a negation, a doubt or a passive was put in or left out."""
    matched = {index for index, _ in pairs}
    invented = {token.stem for index, token in enumerate(said) if index not in matched}
    dropped = {place[index] for index in _skipped(place, pairs)}
    by_dropped = any(place[first + 1 : second] == (BY,) for (_, first), (_, second) in pairwise(pairs))
    return (
        ["negation"] * bool(NOT in invented | dropped)
        + ["doubt"] * bool(_GUARDED & dropped)
        + ["passive"] * bool(BY in invented or by_dropped)
    )


def _skipped(place: Sequence[str], pairs: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the indices of the place's words between those of the sentence, and of a negation right beside them."""
    for (_, first), (_, second) in pairwise(pairs):
        yield from range(first + 1, second)
    for index in (pairs[0][1] - 1, pairs[-1][1] + 1) if pairs else ():
        if 0 <= index < len(place) and place[index] == NOT:
            yield index
