"""The names of a text: runs of capitalised words, and whether an article knows them."""

import re
from collections.abc import Sequence

from broadsheet.generate.text.words import FUNCTION_WORDS, fold, sentences, stem, words

_OPENERS = FUNCTION_WORDS | frozenset(
    "one two three four five six seven eight nine ten new former no not never other several people police "
    "officials earlier later last next first yet still now today meanwhile however instead thousands hundreds "
    "dozens millions hours days weeks months years".split()
)
HONORIFICS = frozenset(
    map(
        stem,
        "mr mrs ms dr sir lord lady president chancellor prime minister secretary foreign senator sen rep governor gov "
        "mayor king queen prince princess pope judge justice general captain coach director chief former".split(),
    )
)
"Stems of words that stand before a person's name and are not part of it."
_WORDS = FUNCTION_WORDS - {"us"}
_TITLES = frozenset({"mr", "mrs", "ms"})
_LINKS = frozenset({"of", "and", "the", "for"})
_RUN = re.compile(r"(?<![^\W_])[^\W\d_][\w.&’']*(?:[ \-–][^\W\d_][\w.&’']*)*")
_SLACK = 2
"Words that the article may have within a name: `President Trump` is in `President Donald Trump`."


def names(text: str) -> list[list[str]]:
    """Return the runs of capitalised words, in order; a sentence's first word counts unless it commonly opens one."""
    return [name for sentence in sentences(text) for name in _names_of(sentence)]


def _names_of(sentence: str) -> list[list[str]]:
    found: list[list[str]] = []
    for run in _RUN.finditer(sentence):
        opens = not re.search(r"\w", sentence[: run.start()])
        name: list[str] = []
        for part in re.split(r"[ \-–]", run[0]):
            word = (words(part) or [""])[0]
            common = opens and fold(word) in _OPENERS and word != "US"
            if word[:1].isupper() and not common and word != "I":
                name.append(word)
            if not word[:1].isupper() or part.endswith(("'s", "’s")):  # what a possessive ends is a name of its own
                found.append(name)
                name = []
            opens = False
        found.append(name)
    return [name for name in found if name]


def is_title_case(text: str) -> bool:
    """Whether nearly every word begins with a capital, as in some papers' headlines, so that capitals mark no names."""
    letters = [word for word in words(text) if len(word) > 3 and word[0].isalpha()]
    return len(letters) >= 4 and sum(word[0].isupper() for word in letters) >= 0.8 * len(letters)


def acronyms(article: str) -> set[str]:
    """Return the initials, in lower case, of two to five capitalised words in a row: `wef` for World Economic Forum."""
    found: set[str] = set()
    for sentence in sentences(article):
        spoken = [word for word in words(sentence) if word.lower() not in _LINKS]
        initials = "".join(word[0].lower() if word[0].isupper() else " " for word in spoken)
        for size in range(2, 6):
            found |= {
                run for start in range(len(initials) - size + 1) if " " not in (run := initials[start : start + size])
            }
    return found


def is_known(name: Sequence[str], stream: Sequence[str], known_acronyms: set[str]) -> bool:
    """Whether an article has this name: its words in order and close together.

    `stream` is the article's folded words, see `name_stream`; an initial stands for any word that begins with it.
    """
    wanted = [fold(word) for word in name if fold(word) not in _TITLES]
    if wanted and name[0].isupper() and wanted[0] in known_acronyms:
        return is_known(name[1:], stream, known_acronyms)
    if len(wanted) > 1 and (short := "".join(word[0] for word in wanted)) in stream and short not in _WORDS:
        return True
    starts = [place for place, word in enumerate(stream) if wanted and _same(wanted[0], word)]
    return not wanted or any(_in_order(wanted, stream[start : start + len(wanted) + _SLACK]) for start in starts)


def name_stream(article: str) -> list[str]:
    """Return the folded words of an article, in order, without the pronoun `us`, which would be taken for the US."""
    return [fold(word) for word in words(article) if word != "us"]


def _same(wanted: str, word: str) -> bool:
    return wanted == word or (len(wanted) == 1 and word.startswith(wanted))


def _in_order(wanted: Sequence[str], window: Sequence[str]) -> bool:
    rest = iter(window)
    return all(any(_same(word, found) for found in rest) for word in wanted)
