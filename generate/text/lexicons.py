"""Lists of words and phrases that a text is searched for: files in `lists/`, one entry on a line.

The lists are our own, since no library fits: better-profanity, the best known, finds fault with the Gaza Strip, with
sex education and with whoever is murdered, is slow, and ignores quotation marks; other libraries bring a pickled model.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from broadsheet.generate.text.words import fold, word_spans, words

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """The phrases by their first words, each a tuple of folded words."""

    phrases: dict[str, list[Phrase]]
    names: dict[str, list[Phrase]]
    "Names of people and things that contain one of the phrases."

    def found_in(self, text: str) -> list[str]:
        """Return the phrases that a text has, in order, in small letters."""
        text = text.lower()
        spans = word_spans(text)
        folded = tuple(fold(word) for word, _, _ in spans)
        held = {place for start, size in _matches(self.names, folded) for place in range(start, start + size)}
        return [
            text[spans[start][1] : spans[start + size - 1][2]]
            for start, size in _matches(self.phrases, folded)
            if start not in held
        ]


def _matches(phrases: dict[str, list[Phrase]], folded: Phrase) -> list[tuple[int, int]]:
    """Return where phrases begin among folded words, and how many words they have."""
    return [
        (start, len(phrase))
        for start, word in enumerate(folded)
        for phrase in phrases.get(word, ())
        if folded[start : start + len(phrase)] == phrase
    ]


@cache
def lexicon(name: str, *, plurals: bool = False) -> Lexicon:
    """Return the list in a file of this name; with `plurals`, each entry also with an s.

    Empty lines and lines that begin with # are comments; a line that begins with `- ` is a name.
    """
    text = (files("broadsheet.generate.text") / "lists" / f"{name}.txt").read_text("utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    entries = [line for line in lines if not line.startswith("- ")]
    entries += [f"{line}s" for line in entries if plurals]
    return Lexicon(_by_first_word(entries), _by_first_word([line for line in lines if line.startswith("- ")]))


def _by_first_word(lines: list[str]) -> dict[str, list[Phrase]]:
    found: dict[str, list[Phrase]] = {}
    for phrase in dict.fromkeys(tuple(map(fold, words(line))) for line in lines):
        found.setdefault(phrase[0], []).append(phrase)
    return found
