"""Names that headlines share: people, places and bodies that a reader has read of more than once.

No model reads the headlines: a name is a run of words with a capital letter within a headline whose other words have
small letters. A headline in which every word has a capital says nothing of names, but may hold a name of another.
"""

import calendar
import re
from collections.abc import Sequence
from functools import lru_cache

from broadsheet.rerank.reasons.deletion import LEAST_ARTICLES

_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")
_ENDS = re.compile(r"[.:!?|“”\"‘(–—]|(?:^|\s)['’-]")
"After one of these a headline begins anew."
LONGEST = 3
"""Most words of a name."""
SMALL = 4
"""Letters from which a word with a small letter shows that a headline does not write every word with a capital."""
NO_NAMES = frozenset(word for names in (calendar.month_name, calendar.day_name) for word in names)
"""Words with a capital letter that are no names of what an article is about."""

Run = tuple[str, ...]


class Headline:
    """The names that a headline has for certain, and those that it may have."""

    def __init__(self, title: str) -> None:
        matches = list(_WORD.finditer(title))
        words = [match[0] for match in matches]
        begins = [
            number == 0 or _ENDS.search(title[matches[number - 1].end() : match.start()]) is not None
            for number, match in enumerate(matches)
        ]
        runs = _runs(words, begins)
        self.names = frozenset() if _all_capitals(words, begins) else frozenset(run for run, first in runs if not first)
        "Runs of words with capitals, apart from the first word of a sentence, which may be any word."
        self.parts = _parts(words) if _all_capitals(words, begins) else frozenset(run for run, _ in runs)
        "The runs that are a name if another headline has them as a name."


def _all_capitals(words: Sequence[str], begins: Sequence[bool]) -> bool:
    """Whether a headline writes its words with capital letters, as many in the US do."""
    longer = [word for word, first in zip(words, begins, strict=True) if not first and len(word) >= SMALL]
    return 2 * sum(word[0].isupper() for word in longer) > len(longer)


def _runs(words: Sequence[str], begins: Sequence[bool]) -> list[tuple[Run, bool]]:
    """Return the longest runs of words with capitals, each with whether it begins a sentence."""
    runs, run, at_start = list[tuple[Run, bool]](), list[str](), False
    for word, first in zip([*words, ""], [*begins, True], strict=True):
        if run and (first or not word[0].isupper()):
            runs.append((tuple(run), at_start))
            run = []
        if word[:1].isupper():
            at_start = first if not run else at_start
            run.append(word)
    return [(run, first) for run, first in runs if len(run) <= LONGEST and len(run[0]) > 1 and not NO_NAMES & {*run}]


def _parts(words: Sequence[str]) -> frozenset[Run]:
    """Return what may be a name where every word has a capital: the first word, and several words in a row."""
    rows = {tuple(words[at : at + length]) for length in range(2, LONGEST + 1) for at in range(len(words) - length + 1)}
    return frozenset({*rows, tuple(words[:1])})


@lru_cache(maxsize=1 << 16)
def headline(title: str) -> Headline:
    """Return the names of a headline."""
    return Headline(title)


def shared_names(titles: Sequence[str], read: Sequence[str]) -> list[tuple[str, list[bool]]]:
    """Return for each title the name that it shares with headlines read, and which of these have it.

    At least LEAST_ARTICLES different headlines have it. Of several names the longest is taken, then that of most
    headlines. Without a name the text is empty.
    """
    headlines = {title: headline(title) for title in read}
    names = {name for one in headlines.values() for name in one.names}
    counts = {name: sum(name in one.parts for one in headlines.values()) for name in names}
    shared = {name for name, count in counts.items() if count >= LEAST_ARTICLES}
    found = []
    for title in titles:
        there = shared & headline(title).parts if shared else set[Run]()
        best = max(there, key=lambda name: (len(name), counts[name], name), default=())
        found.append((" ".join(best), [bool(best) and best in headlines[title].parts for title in read]))
    return found
