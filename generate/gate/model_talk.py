"""Whether a text speaks as a language model does and its article does not: to the reader, or in circles."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from broadsheet.generate.text.words import fold, words

_TALK = re.compile(
    r"^(?:sure\b|certainly\b|of course\b|here(?:'s| is| are)\b|i'm sorry\b|i am sorry\b|sorry,|(?:headline|summary):)"
    r"|\b(?:as an ai|language model|i cannot|i can't (?:help|assist|provide)|(?:this|the) article)\b|<\|",
    re.IGNORECASE,
)
_FIRST_PERSON = frozenset("i my me we our us".split())


def form_problems(text: str, article: str) -> list[str]:
    """Return `talk of the writer`, `first person` or `loop` if a text has it and its article does not.

    Words in quotation marks are their speaker's and do not count.
    """
    return _talk(text, article) + _loops(text, article)


def _talk(text: str, article: str) -> list[str]:
    own = _unquoted(text)
    talk = [_folded(match[0]) for match in _TALK.finditer(own)]
    spoken = words(own)
    person = [
        _folded(" ".join(spoken[place : place + 2])) for place, word in enumerate(spoken) if _is_first_person(word)
    ]
    stream = _folded(_unquoted(article)) if talk or person else []
    return [
        problem
        for problem, phrases in (("talk of the writer", talk), ("first person", person))
        if not all(_holds(stream, phrase) for phrase in phrases)
    ][:1]


def _is_first_person(word: str) -> bool:
    return word != "US" and "." not in word and fold(word).split("'")[0] in _FIRST_PERSON


def _unquoted(text: str) -> str:
    return re.sub(r'"[^"\n]*(?:"|$)|“[^”\n]*(?:”|$)', " ", text.replace("’", "'"), flags=re.MULTILINE)


def _folded(text: str) -> list[str]:
    return [fold(word) for word in words(text)]


def _holds(stream: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(stream[start : start + size] == phrase for start in range(len(stream) - size + 1))


def _loops(text: str, article: str) -> list[str]:
    folded = _folded(text)
    if any(len(list(run)) >= 3 for _, run in groupby(folded)):
        return ["loop"]
    often = {trigram for trigram, times in Counter(_trigrams(folded)).items() if times >= 3}
    known = Counter(_trigrams(_folded(article))) if often else Counter()
    return ["loop"] if any(known[trigram] < 3 for trigram in often) else []


def _trigrams(folded: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(folded[place : place + 3]) for place in range(len(folded) - 2)]
