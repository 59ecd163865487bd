"""Cutting a sentence to a headline's length without a model: its beginning, its end, or all but one phrase."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from broadsheet.generate.stories.jobs import has_verb
from broadsheet.generate.text.phrases import CLAUSES, Word, following, starts, words_of

_LEAST = 6
"Fewest words of a cut."
_BEFORE_THE_MAIN = frozenset(
    "after although amid as because before besides despite during following if once since though unless until when "
    "while with without".split()
)
"A sentence that begins with one of these words comes to its point after a comma."


def cuts(sentence: str, most_words: int, most: int) -> list[str]:
    """Return up to `most` cuts of a sentence, each of at most `most_words` words; cuts that keep more come first.

    A cut has the sentence's words in their order, with at most one gap. What a cut keeps is counted by its words that
    carry meaning; names and numbers count twice.
    """
    words = words_of(sentence)
    found: dict[str, float] = {}
    for kept in _kept(words):
        if _LEAST <= len(kept) <= most_words:
            said = sum(word.says * (2 if word.text[:1].isupper() or word.text[:1].isdigit() else 1) for word in kept)
            found.setdefault(_joined(kept), said - 0.1 * len(kept))
    return sorted(found, key=lambda text: -found[text])[:most]


def _kept(words: Sequence[Word]) -> Iterator[list[Word]]:
    ends = [number for number, word in enumerate(words) if word.to_end == 0]
    for start in starts(words):
        for end in [end for end in ends if end > start and _is_whole(words, start, end)]:
            yield list(words[start : end + 1])
            for gap in range(start, end - 1):
                if words[gap + 1].opens:
                    yield from (
                        [*words[start : gap + 1], _behind(words[gap + 1], words[after]), *words[after + 1 : end + 1]]
                        for after in following(words, gap)[1:]
                        if after <= end and _is_phrase(words[gap + 1 : after]) and words[after].goes_on
                    )


def _is_whole(words: Sequence[Word], start: int, end: int) -> bool:
    """Whether a sentence's words from `start` to `end` say something whole, as far as the forms of the words show.

    They do not if they end inside a clause before its verb, before the comma after which the point comes, or with a
    name or a title that begins what follows, as in `…, Deputy Spokesman` for ….
    """
    if end == len(words) - 1:
        return True
    plain = [word.text.lower() for word in words[start : end + 1]]
    pauses = [number for number in range(start + 1, end + 1) if words[number].mark == ","]
    clauses = [place for place, text in enumerate(plain) if place and text in CLAUSES | {"if", "whether"}]
    if clauses and not has_verb(" ".join(plain[clauses[-1] + 1 :])):
        return False
    if not pauses:
        return not (plain[0] in _BEFORE_THE_MAIN or plain[:2] == ["in", "order"])
    last = words[pauses[-1] : end + 1]
    return not last[0].text[:1].isupper() or has_verb(" ".join(word.text for word in last))


def _is_phrase(left_out: Sequence[Word]) -> bool:
    """Whether more than an article or the like is left out: `Berg, the coach, won` keeps its first comma."""
    return not all(word.light for word in left_out)


def _behind(left_out: Word, word: Word) -> Word:
    """Return the word after a gap. If the gap lies between two commas, neither comma stays."""
    return replace(word, mark="") if left_out.mark else word


def _joined(kept: Sequence[Word]) -> str:
    text = "".join(f"{'' if word.mark in ('–', '—', '-') else word.mark} {word.text}" for word in kept[1:])
    first = kept[0].text
    return f"{first[:1].upper()}{first[1:]}{text}"
