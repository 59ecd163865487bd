"""A sentence as words that can be left out: where phrases begin, where it can end, and what must stay.

No parser: prepositions, conjunctions and pauses show where a phrase begins, which is enough to leave one out of an
English sentence; in other languages pauses alone do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.generate.text.words import NOT, content_stem, is_guarded

MOST_LEFT_OUT = 4
"Most words that carry meaning between two words that are joined: the gate allows no more."

_LATEST_START = 0.5
"Share of a sentence that may be left out before what is kept begins."
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_OUTER = re.compile(r"^[^\w$£€]+|[^\w%]+$")
"Characters around a word that are not part of it; the marks of money and shares are part of it."
_BREAKS = re.compile(r"[,;:–—]$|^[–—-]+$")

_LINKS = frozenset(
    "in on at from by for with about into over after before since until during between among against through amid via "
    "as because although though while when where who which following despite".split()
)
"A sentence can end before these words."
_PHRASES = _LINKS | frozenset("of to and or but that than".split())
"These words begin a phrase that can be left out as a whole, or come after it."
_JOINS = frozenset("and or but".split())
"After a pause these words begin or follow what is left out: `parts for black and old horses` has no `black horses`."
CLAUSES = frozenset("that because although though while when where who which".split())
"These words begin a clause with a verb of its own: `who had won`, `that it could win`."
_OF_THE_LAST = frozenset("of to than who whom whose which".split())
"These words say more about the word before them only, so that nothing is left out between the two."
_LIGHT = frozenset("a an the that has have had is are was were been being mr mrs ms dr also just".split())
"Any number of these words in a row can be left out, as headlines do."
_AUXILIARIES = frozenset("has have had is are was were will would can could may".split())
"A sentence can go on with these words after a phrase was left out."
_TELLING = frozenset(
    "former ex acting deputy vice assistant attempted failed fake false almost nearly only mock self-declared "
    "so-called would-be half least most more less there".split()
)
"Without these words, what comes after them is another thing."
_CONDITIONS = frozenset("if unless".split())
"What stands before these words cannot be said without what comes after them."
_NEED_THE_NEXT = frozenset(
    "according along aimed associated based capable compared due famous related such thanks".split()
)
"These words say nothing without the word after them."
_SHARES = _TELLING | frozenset(
    "all any both each many none number one part some billions dozens hundreds millions scores thousands".split()
)
"An `of` after these words says what they count: `most of his party`, `hundreds of them`."
_NEAR = 2
"Words behind an end in which a negation still belongs to what is before it: `at no point`."


@dataclass(frozen=True)
class Word:
    """A word of a sentence."""

    text: str
    mark: str
    "The comma, colon or dash between this word and the word before."
    says: bool
    "Whether the word carries meaning, so that leaving it out counts."
    stays: bool
    "Whether the word may not be left out between two others."
    light: bool
    links: bool
    "Whether the word is a preposition, a conjunction or the like."
    opens: bool
    "Whether a phrase begins with the word, or a pause is before it."
    goes_on: bool
    "Whether the sentence can go on with the word after a phrase was left out."
    to_end: int
    "How many words after it the next one stands that the sentence can end with; 0 for this one."


def words_of(sentence: str) -> list[Word]:
    """Return the words of a sentence in their order, without brackets, quotation marks and full stop."""
    texts, marks, mark = [], [], ""
    for part in _BRACKETS.sub("", sentence).split():
        if word := _OUTER.sub("", part):
            texts.append(word)
            marks.append(mark)
            mark = ""
        pause = _BREAKS.search(part.rstrip("\"'”’"))
        mark = pause[0] if pause else mark
    found: list[Word] = []
    for number in range(len(texts) - 1, -1, -1):
        text, plain, paused, last = texts[number], texts[number].lower(), bool(marks[number]), number + 1 == len(texts)
        ends = last or ((marks[number + 1] or texts[number + 1].lower() in _LINKS) and _can_end(texts, number))
        links = plain in _PHRASES and texts[max(number - 1, 0)] != "such"
        found.append(
            Word(
                text,
                marks[number],
                says=bool(content_stem(text)),
                stays=is_guarded(text) or plain in _TELLING,
                light=plain in _LIGHT,
                links=links,
                opens=paused or (links and plain not in _JOINS),
                goes_on=(paused or links or plain in _AUXILIARIES)
                and plain not in _OF_THE_LAST
                and not _joins_names(texts, number),
                to_end=0 if ends else found[-1].to_end + 1,
            )
        )
    return found[::-1]


def _can_end(texts: Sequence[str], number: int) -> bool:
    text = texts[number]
    if not content_stem(text) or is_guarded(text) or text.lower() in _TELLING | _NEED_THE_NEXT:
        return False
    behind = texts[number + 1 : number + 1 + _NEAR]
    return not any(content_stem(other) == NOT or other.lower() in _CONDITIONS for other in behind)


def _joins_names(texts: Sequence[str], number: int) -> bool:
    """Tell whether a word is the `and` of `Chad and Niger`, so that what is before it cannot be left out alone."""
    around = [text[:1].isupper() for text in texts[max(number - 1, 0) : number + 2 : 2]]
    return texts[number].lower() in ("and", "or") and around == [True, True]


def starts(sentence: Sequence[Word]) -> list[int]:
    """Return where the kept part can begin: at the first word, after its article, or after an early pause."""
    latest, found = int(len(sentence) * _LATEST_START), []
    for number, word in enumerate(sentence[: latest + 1]):
        behind_pause = word.mark == "," and not word.links
        if number == 0 or behind_pause or all(other.light for other in sentence[:number]):
            found.append(number)
    return found


def following(sentence: Sequence[Word], last: int) -> list[int]:
    """Return the words that may follow the one at `last`, the next one first.

    Left out are light words, one word alone, or a phrase from where it begins to where the next one does.
    """
    found, said, light = [], 0, True
    if _needs_the_next(sentence, last):
        return [last + 1]
    for number in range(last + 1, len(sentence)):
        word, next_one = sentence[number], sentence[last + 1]
        alone = number == last + 2 and not next_one.links and word.text.lower() not in _OF_THE_LAST
        phrase = next_one.opens and word.goes_on and _is_whole_phrase(sentence[last + 1 : number], word)
        if number == last + 1 or alone or light or phrase:
            found.append(number)
        said, light = said + word.says, light and word.light
        if word.stays or said > MOST_LEFT_OUT:
            break
    return found


def _needs_the_next(sentence: Sequence[Word], last: int) -> bool:
    if last + 1 >= len(sentence):
        return False
    text, following_one = sentence[last].text.lower(), sentence[last + 1].text.lower()
    return text in _NEED_THE_NEXT or (text in _SHARES and following_one == "of")


def _is_whole_phrase(left_out: Sequence[Word], word: Word) -> bool:
    """Tell whether a phrase has an end of its own, so that the sentence goes on with `word` and not the phrase."""
    if not left_out or left_out[-1].links:
        return False
    if word.mark or word.text.lower() in _JOINS:
        return bool(word.mark)
    return word.links or not (left_out[0].mark or left_out[0].text.lower() in CLAUSES | {"as", "than"})
