"""Words that turn a sentence into its opposite: a negation, a doubt or a passive that was added or left out."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from broadsheet.generate.gate.tokens import BY, Token
from broadsheet.generate.text.words import GUARDED, NOT, fold, words

_HE, _SHE = frozenset("he him his himself".split()), frozenset("she her hers herself".split())


def turned_round(said: Sequence[Token], place: Sequence[Token], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Return the words that reverse a sentence, each with the word after it, such as `negation left out: not arrest`.

    `pairs` are the indices of the words that sentence and place have in the same order.
    """
    matched, skipped = {index for index, _ in pairs}, list(_skipped(place, pairs))
    added = [index for index in range(len(said)) if index not in matched]
    found = [f"negation added: {_from(said, index)}" for index in added if said[index].stem == NOT]
    found += [f"negation left out: {_from(place, index)}" for index in skipped if place[index].stem == NOT]
    found += [f"doubt left out: {_from(place, index)}" for index in skipped if place[index].stem in GUARDED]
    found += [f"who did it: {_from(said, index)}" for index in added if said[index].stem == BY]
    left_out = [first + 1 for (_, first), (_, second) in pairwise(pairs) if second == first + 2]
    return found + [f"who did it: {_from(place, index)}" for index in left_out if place[index].stem == BY]


def _from(tokens: Sequence[Token], index: int) -> str:
    return " ".join(token.text for token in tokens[index : index + 2] if token.text)


def _skipped(place: Sequence[Token], pairs: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the indices of the place's words between those of the sentence, and of a negation right beside them."""
    for (_, first), (_, second) in pairwise(pairs):
        yield from range(first + 1, second)
    for index in (pairs[0][1] - 1, pairs[-1][1] + 1) if pairs else ():
        if 0 <= index < len(place) and place[index].stem == NOT:
            yield index


def other_gender(sentence: str, place: str) -> list[str]:
    """Return the pronouns of a sentence whose gender differs from the place's: `he` where the place only has `she`."""
    said, there = _pronouns(sentence), _pronouns(place)
    return [
        f"pronoun {word}"
        for own, other in ((_HE, _SHE), (_SHE, _HE))
        for word in sorted(said & own)
        if there & other and not there & own
    ]


def _pronouns(text: str) -> set[str]:
    return {fold(word) for word in words(text)} & (_HE | _SHE)
