"""The words of a sentence that carry meaning, as they are compared: names, numbers and dates apart from the rest."""

import re
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from broadsheet.generate.text.dates import dates
from broadsheet.generate.text.names import is_title_case
from broadsheet.generate.text.quantities import Quantity, quantities
from broadsheet.generate.text.words import (
    FUNCTION_WORDS,
    NOT,
    PERHAPS,
    content_stem,
    fold,
    sentences,
    word_spans,
    words,
)

NAME, NUMBER, DATE = "name", "number", "date"
BY = "by"
"The stem of the `by` of a passive, which swaps subject and object. English only."
END = "|"
"The stem between two sentences, which no word has."

_DOUBTFUL = frozenset("couldn't wouldn't mightn't can't cannot".split())
_BEFORE = 8
"Characters before a word after which something new begins, such as a sentence or a quotation."
_TOGETHER = re.compile(r"[ \-–.]*")
_PASSIVE = re.compile(
    r"\b(?:(?:is|are|was|were|be|been|being|gets?|got)\s(?:\w+\s){0,2}?[a-z]{3,}|[a-z]{2,}(?:ed|en|wn|ught))\s(by)\b"
)


class Token(NamedTuple):
    """A word, or a whole number or date."""

    stem: str
    "The stem, which is what is compared."
    kind: str
    "NAME, NUMBER or DATE; empty for other words."
    mention: int
    "A number that all words of one name share."
    text: str
    after_comma: bool
    "Whether a comma stands before this token and after the one before it."


def tokens(sentence: str, proper: Set[str], mention: int = 0) -> tuple[Token, ...]:
    """Return the tokens of a sentence in order, function words left out.

    Names are the words in capitals that do not open the sentence, and the folded words `proper`; see `proper_words`.
    Mentions are counted from `mention` on.
    """
    marks = _marks(sentence)
    passive = {match.start(1) for match in _PASSIVE.finditer(sentence)}
    spans, title = word_spans(sentence), is_title_case(sentence)
    found: list[Token] = []
    last, end_of_name = 0, -1
    for number, (word, start, end) in enumerate(spans):
        kind, text = "", word
        if mark := next((mark for mark in marks if mark[0] <= start < mark[1]), None):
            if start > mark[0] and found and last > mark[0]:
                continue
            _, end, kind, text, stem = mark
        elif start in passive:
            stem = BY
        elif stem := content_stem(word):
            opens = number == 0 and not _leads_a_name(sentence, spans)
            kind = NAME if word[0].isupper() and (fold(word) in proper or not (opens or title)) else ""
        else:
            continue
        mention += 0 if kind == NAME and end_of_name >= 0 and _TOGETHER.fullmatch(sentence, end_of_name, start) else 1
        end_of_name = end if kind == NAME and len(word) >= end - start - 1 else -1  # a possessive ends a name
        found += [Token(part, kind, mention, text, "," in sentence[last:start]) for part in _parts(stem, word)]
        last = end
    return tuple(found)


def _leads_a_name(sentence: str, spans: Sequence[tuple[str, int, int]]) -> bool:
    (first, _, end), (second, start, _) = (*spans[:2], ("", 0, 0))[:2]
    return second[:1].isupper() and sentence[end:start] == " " and fold(first) not in FUNCTION_WORDS


def _parts(stem: str, word: str) -> list[str]:
    """Return the stem of a word, after the stem of a doubt in its contraction: `couldn't` is `could not`."""
    return [PERHAPS, stem] if stem == NOT and fold(word) in _DOUBTFUL else [stem]


def _marks(sentence: str) -> list[tuple[int, int, str, str, str]]:
    """Return start, end, kind, text and stem of the numbers and dates; the number in a date is not a number."""
    found = [(*date.place, DATE, date.text, date.value) for date in dates(sentence)]
    found += [(*quantity.place, NUMBER, quantity.text, significant(quantity)) for quantity in undated(sentence)]
    return [(start + _blanks(sentence, start), end, kind, text, stem) for start, end, kind, text, stem in found]


def undated(sentence: str) -> list[Quantity]:
    """Return the numbers of a sentence that are not the day of a date."""
    spans = [date.place for date in dates(sentence)]
    return [
        quantity
        for quantity in quantities(sentence)
        if not any(start < quantity.place[1] <= end for start, end in spans)
    ]


def _blanks(sentence: str, start: int) -> int:
    match = re.compile(r"[\s$£€¥]*").match(sentence, start)
    return len(match[0]) if match else 0


def significant(quantity: Quantity) -> str:
    """Return a number's digits without its point and the noughts at its end: 5 for `#5`, 5m and five million."""
    value = max(quantity.values).normalize()
    return "#" + "".join(map(str, value.as_tuple().digits))


def proper_words(article: str) -> frozenset[str]:
    """Return the words, folded, that an article writes with a capital inside a sentence, or never without a capital."""
    parts = sentences(article)
    within = {word for part in parts if not is_title_case(part) for word in _proper(part)}
    written = {word for part in parts for word in words(part)}
    small = {fold(word) for word in written if not word[0].isupper()}
    large = {fold(word) for word in written if word[0].isupper() and fold(word) not in FUNCTION_WORDS}
    return frozenset(within | (large - small))


def _proper(sentence: str) -> Iterator[str]:
    for word, start, _ in word_spans(sentence)[1:]:
        before = sentence[max(0, start - _BEFORE) : start]
        if word[0].isupper() and word != "I" and not re.search(r"[.:!?…]\W*$|[\"“‘]$", before):
            yield fold(word)
