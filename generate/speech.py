"""Whether a text speaks as a language model does, not as its article: addresses the reader, or goes in circles."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from broadsheet.generate.words import fold, words

_TALK = re.compile(
    r"^(?:sure\b|certainly\b|of course\b|here(?:'s| is| are)\b|i'm sorry\b|i am sorry\b|sorry,|(?:headline|summary):)"
    r"|\b(?:as an ai|language model|i cannot|i can't (?:help|assist|provide)|(?:this|the) article)\b|<\|",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|[Mm]y|me|[Ww]e|[Oo]ur|us)\b(?!\.)")


def form_problems(text: str, article: str) -> list[str]:
    """Return `talk of the writer`, `first person` or `loop` where a text has it and its article does not.

    What stands in quotation marks is its speaker's.
    """
    return _talk(text, article) + _loops(text, article)


def _talk(text: str, article: str) -> list[str]:
    own = _unquoted(text)
    for problem, pattern in (("talk of the writer", _TALK), ("first person", _FIRST_PERSON)):
        for match in pattern.finditer(own):
            phrase = [*words(match[0]), *words(own[match.end() :])[:1]]
            if not _holds([fold(word) for word in words(_unquoted(article))], [fold(word) for word in phrase]):
                return [problem]
    return []


def _unquoted(text: str) -> str:
    return re.sub(r'"[^"\n]*"|“[^”\n]*”', " ", text.replace("’", "'"))


def _holds(stream: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(stream[start : start + size] == phrase for start in range(len(stream) - size + 1))


def _loops(text: str, article: str) -> list[str]:
    folded = [fold(word) for word in words(text)]
    if any(len(list(run)) >= 3 for _, run in groupby(folded)):
        return ["loop"]
    often = {trigram for trigram, times in Counter(_trigrams(folded)).items() if times >= 3}
    known = Counter(_trigrams([fold(word) for word in words(article)])) if often else Counter()
    return ["loop"] if any(known[trigram] < 3 for trigram in often) else []


def _trigrams(folded: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(folded[place : place + 3]) for place in range(len(folded) - 2)]
