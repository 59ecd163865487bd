"""Whether one place of the article says what a sentence says: its words, facts, order, negations and doubts."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from broadsheet.generate.gate.aliases import in_same_form
from broadsheet.generate.gate.alignment import is_aside, longest_common, misplaced
from broadsheet.generate.gate.passives import active, is_passive
from broadsheet.generate.gate.places import Article, Place, likeliest
from broadsheet.generate.gate.polarity import other_gender, turned_round
from broadsheet.generate.gate.tokens import BY, DATE, END, NAME, NUMBER, Token, tokens, undated
from broadsheet.generate.text.dates import says
from broadsheet.generate.text.quantities import Quantity, same_unit
from broadsheet.generate.text.words import NOT, PERHAPS, SAY, fold, words

SAID = 0.9
"Least share of a sentence's words that one place of the article (one or two sentences) must have."
IN_ORDER = 0.85
"Least share of a sentence's words that this place must have in the same order."
APART = 4
"Most words of the article, function words not counted, between two words that stand together in the sentence."

_PLACES = 6
_SHORT = 3
"A sentence of fewer words must be in the article word for word: nearly any place has two given words somewhere."
_UNSAID = 100
"The distance, at least, of a place that lacks words of the sentence."


@dataclass(frozen=True)
class _Sentence:
    text: str
    tokens: tuple[Token, ...]
    quantities: list[Quantity]


def unclaimed(sentence: str, article: Article) -> list[str]:
    """Return what the place that comes closest to a sentence does not say; empty if some place says all of it."""
    said = _Sentence(sentence, tokens(sentence, article.proper), undated(sentence))
    if len(said.tokens) < _SHORT:
        return [] if _is_verbatim(sentence, article) else [f"claim {sentence}" if said.tokens else "empty"]
    places = article.questions + article.statements if sentence.endswith("?") else article.statements
    best = (_UNSAID * _UNSAID, ["claim"])
    for place in likeliest(said.tokens, places, _PLACES):
        for turned, there in _in_one_voice(said, place):
            best = min(best, _held_against(turned, there, article), key=lambda found: found[0])
            if not best[1]:
                return []
    return best[1]


def _in_one_voice(said: _Sentence, place: Place) -> Iterator[tuple[_Sentence, Place]]:
    """Yield a sentence and a place as they are; then, if only one of them has a passive, with it turned active."""
    yield said, place
    if is_passive(said.tokens) and not is_passive(place.tokens):
        yield from ((replace(said, tokens=tuple(turned)), place) for turned in active(said.tokens))
    if is_passive(place.tokens) and not is_passive(said.tokens):
        yield from ((said, replace(place, tokens=tuple(turned))) for turned in active(place.tokens))


def _is_verbatim(sentence: str, article: Article) -> bool:
    said, size = tuple(map(fold, words(sentence))), len(words(sentence))
    return any(article.stream[start : start + size] == said for start in range(len(article.stream)))


def _held_against(sentence: _Sentence, place: Place, article: Article) -> tuple[int, list[str]]:
    """Return how far a place is from saying a sentence, 0 if it says it, and the problems."""
    said, place = in_same_form(sentence.tokens, place, article)
    missing = [token for token in said if not _has(place, token) and token.stem not in (NOT, PERHAPS, SAY, BY)]
    if not said or len(missing) > (1 - SAID) * len(said):
        return _UNSAID + len(missing), _unsaid(missing)
    pairs = longest_common([token.stem for token in said], place.stems)
    problems = [] if _is_in_order(said, place.tokens, pairs) else ["order of words"]
    problems += [f"{token.kind} {token.text}" for token in missing if token.kind in (NAME, DATE)]
    problems += _replaced(said, place, pairs)
    problems += _numbers(sentence.quantities, place)
    problems += [f"order of {kind}s {', '.join(found)}" for kind, found in misplaced(said, place.tokens, pairs).items()]
    problems += other_gender(sentence.text, place.text)
    problems += turned_round(said, place.tokens, pairs)
    return len(problems), problems


def _replaced(said: Sequence[Token], place: Place, pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Return the words that the place has others for, such as `rose` where the place has `fell`.

    If one word stands in the position of one other, it counts even if the place has it elsewhere. Of several words,
    some may only have moved.
    """
    bounds = [(-1, -1), *pairs, (len(said), len(place.stems))]
    gaps = [(said[i + 1 : k], place.stems[j + 1 : m]) for (i, j), (k, m) in pairwise(bounds)]
    swapped = [new[0] for new, old in gaps[1:-1] if len(new) == len(old) == 1]
    gaps[0] = (gaps[0][0], gaps[0][1][-1:])  # before and after the common words, what stands right beside them
    gaps[-1] = (gaps[-1][0], gaps[-1][1][:1])
    strange = [token for new, old in gaps if old and old != (END,) for token in new if not _has(place, token)]
    return [
        f"claim {token.text}"
        for token in dict.fromkeys([*swapped, *strange])
        if not token.kind and token.stem not in (NOT, PERHAPS, SAY, BY)
    ]


def _unsaid(missing: Sequence[Token]) -> list[str]:
    others = " ".join(token.text for token in missing if not token.kind)
    found = [f"{token.kind} {token.text}" for token in missing if token.kind]
    return found + ([f"claim {others}"] if others or not found else [])


def _is_in_order(said: Sequence[Token], place: Sequence[Token], pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether nearly all words are common, and close together; the speaker and the date may stand elsewhere."""
    joined = all(
        after - before <= APART or is_aside(place, before, after) for (_, before), (_, after) in pairwise(pairs)
    )
    return joined and len(pairs) >= IN_ORDER * (len(said) - _moved_frame(said, place, {index for index, _ in pairs}))


def _moved_frame(said: Sequence[Token], place: Sequence[Token], matched: Set[int]) -> int:
    """Return how many words out of the common order are dates, or `said` and the words beside it in the place too."""
    beside = {
        pair for first, second in pairwise(token.stem for token in place) for pair in ((first, second), (second, first))
    }
    free = [index for index in range(len(said)) if index not in matched]
    moved = {index for index in free if said[index].kind == DATE or said[index].stem == SAY}
    for index in [index for index in moved if said[index].stem == SAY]:
        for other in {index - 1, index + 1} & set(free):
            if (said[other].stem, SAY) in beside:
                moved |= {one for one in free if said[one].mention == said[other].mention}
    return len(moved)


def _has(place: Place, token: Token) -> bool:
    return token.stem in place.known or (token.kind == DATE and any(says(stem, token.stem) for stem in place.known))


def _numbers(claimed: Sequence[Quantity], place: Place) -> list[str]:
    """Return the numbers that the place does not have. For `one` the place may have `a`."""
    return [
        f"{NUMBER} {quantity.text}"
        for quantity in claimed
        if not any(quantity.values & said.values and same_unit(quantity.unit, said.unit) for said in place.quantities)
        and not (quantity.text.lower() == "one" and re.search(r"\ban?\b", place.text))
    ]
