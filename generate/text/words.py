"""Sentences, words and stems of English text, as the fact gate and the extract compare them.

No dependency: a tokenizer of the field would bring a model or a data file for what a hundred lines do well enough on
news.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from broadsheet.generate.text.quantities import as_digits

_ABBREVIATIONS = frozenset(
    "mr mrs ms messrs dr prof rev hon gen adm maj col lt sgt capt cmdr sen sens rep reps gov govs pres st jr sr "
    "vs no inc ltd co corp dept est "
    "fig jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun approx a.m p.m e.g i.e u.s "
    "u.k u.n".split()
)
"Words whose full stop rarely ends a sentence, in lower case, without the full stop."

FUNCTION_WORDS = frozenset(
    "a an the this that these those it its he his him she her hers they their them theirs we us our you your i my "
    "me who whom whose which what when where why how and or but nor so yet if then than as of in on at to from by "
    "for with about into onto over after before since until till during between among against through amid via "
    "per up out off down away back near under above across along around behind beyond within toward towards upon "
    "is are was were be been being am has have had having do does did done will would shall should can could may "
    "might must there here also just only very too more most much many some any all both each every other another "
    "such own same while because although though however according s re ve ll d m".split()
)
"Words without a meaning of their own; they do not count when a text is compared with its article."

DIRECTIONS = frozenset("up down before after above below under over more less most least against".split())
"Function words that come in opposites, such as before and after; they count when a text is compared."

NOT = "not"
"The stem of each negation."
PERHAPS = "perhaps"
"The stem of each word that makes a claim less than certain."
SAY = "say"
"The stem of each word that attributes a claim to a speaker."

_NEGATIONS = frozenset("not no never without cannot neither nor none nobody nothing".split())
_DOUBTS = frozenset(
    "may might could can would if unless perhaps possible possibly likely alleged "
    "allegedly reportedly suspected".split()
)

ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।")
"What ends a sentence."
CLOSERS = "\"'”’»“)]」』）"
"What may stand after the end of a sentence, the German “ among them."

_OPENERS = r"[\"'“‘„«‹¿¡(\[]*"
_END = re.compile(rf"(?<![.!?…؟۔।])[.!?…؟۔।]++[\"'”’»“)\]]*+(?:(?=\s+{_OPENERS}(\w))|(?=\s*$))|[。！？]++[”’」』）]*+")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"Characters of scripts that leave no blank between words."
_RUN = re.compile(rf"(?:{_SPACELESS.pattern})+|(?:(?!{_SPACELESS.pattern}).)+", re.DOTALL)
"A run of such characters, or a run of others."
_BACK = 24
"Characters before a full stop that are read to tell whether an abbreviation ends there."
_WORD = re.compile(r"\d[\d,.]*\d|[^\W_]+(?:[.&][^\W_]+)*\.?(?:['’][^\W\d_]+)?")
_DATELINE = re.compile(
    r"[A-Z][A-Z'’.,/ ]{3,40}[–—-]{1,2}\s+(?=[A-Z\"“'‘])|(?:(?:[A-Z][\w'’-]*|\d{1,2})[\s,./]+){0,8}"
    r"(?:/?TASS(?:, [^/\n]{1,40})?/|/?TASS\b|\((?:CNN|Reuters|REUTERS|AP|AFP|UPI|Xinhua)\))"
    r"[.\s]*(?:[-–—]+\s*)?(?=[A-Z\"“'‘])"
)
_CONTRACTION = re.compile(r"n['’]t$")


def sentences(text: str) -> list[str]:
    """Split text into sentences, in order, without outer blanks; each line break ends a sentence."""
    found: list[str] = []
    for line in text.splitlines():
        start = 0
        for match in _END.finditer(line):
            if match[1] and match[1].islower():  # the sentence goes on
                continue
            if not _is_abbreviation(line[max(start, match.end() - _BACK) : match.end()]):
                found.append(line[start : match.end()].strip())
                start = match.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_abbreviation(text: str) -> bool:
    if not text.endswith("."):
        return False
    last = text[:-1].rsplit(maxsplit=1)[-1].lstrip("\"'“‘([").lower() if text[:-1].strip() else ""
    return last in _ABBREVIATIONS or bool(re.fullmatch(r"(?:[a-z]\.)*[a-z]", last))


def words(text: str) -> list[str]:
    """Return the words as they stand, in order: `U.S.`, `1,000`; hyphens part words, possessives are cut off."""
    return [word for word, _, _ in word_spans(text)]


@lru_cache(maxsize=1024)  # a sentence is read for its words, names and title case
def word_spans(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return each of the `words`, where it begins and where it ends, its possessive included."""
    return tuple((word, *match.span()) for match in _WORD.finditer(text) if (word := _without_possessive(match[0])))


def _without_possessive(word: str) -> str:
    if word.isalnum():
        return word
    cut = re.sub(r"['’]s?$", "", word)
    return cut if cut.count(".") > 1 or not cut.endswith(".") else cut[:-1]


@lru_cache(maxsize=1 << 15)
def fold(word: str) -> str:
    """Return a word for comparison: lower case, without the dots of an acronym and the commas of a number."""
    return word.lower().replace(",", "") if word[0].isdigit() else word.lower().replace(".", "").replace("’", "'")


def stem(word: str) -> str:
    """Return the stem of a folded word, so that `falls`, `falling` and `fall` meet; for comparison, never for show."""
    if word.isdigit() or len(word) < 4:
        return word
    for ending, instead in (("ies", "y"), ("ied", "y"), ("ing", ""), ("en", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + instead
            break
    word = word[:-1] if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls" else word
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def pairs(word: str) -> list[str]:
    """Return a word alone; one of a script without blanks, which may be a whole clause, as its pairs of neighbours.

    So `加州野火` gives 加州, 州野 and 野火, of which two are in an article on 加州的野火.
    """
    found: list[str] = []
    for run in _RUN.findall(word):
        spaceless = len(run) > 2 and _SPACELESS.match(run)
        found += [run[place : place + 2] for place in range(len(run) - 1)] if spaceless else [run]
    return found


def content(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order; see `content_stem`."""
    return [stemmed for word in words(text) if (stemmed := content_stem(word))]


@lru_cache(maxsize=1 << 15)
def content_stem(word: str) -> str:
    """Return the stem of a word that carries meaning, or NOT, PERHAPS or SAY for words of that kind; "" for others."""
    folded = fold(word)
    if folded in _NEGATIONS or _CONTRACTION.search(folded):
        return NOT
    if folded in ("say", "says", "said", "saying", "told"):
        return SAY
    if folded in _DOUBTS and word != "May":
        return PERHAPS
    if (digits := as_digits(word)) is not None:
        return digits
    is_name = word in ("US", "U.S.", "May")
    return stem(folded) if is_name or folded not in FUNCTION_WORDS or folded in DIRECTIONS else ""


def without_dateline(text: str) -> str:
    """Return a text without an agency's opening, such as `MOSCOW, March 16. /TASS/.` or `Washington (CNN)`."""
    text = text.lstrip()
    opening = _DATELINE.match(text)
    return text[opening.end() :] if opening else text


def clip(text: str, most: int) -> str:
    """Return the first `most` words of a text, with single blanks between them."""
    return " ".join(text.split()[:most])


def count(text: str) -> int:
    """Return the number of words, as a reader counts them: the parts between blanks.

    In scripts without blanks, two characters count as a word.
    """
    return len(text.split()) + (0 if text.isascii() else len(_SPACELESS.findall(text)) // 2)


def has_run(spoken: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether some words stand among others in a row, in order."""
    size = len(wanted)
    return any(tuple(spoken[start : start + size]) == tuple(wanted) for start in range(len(spoken) - size + 1))


GUARDED = {PERHAPS, SAY} | {
    stem(word) for word in "denied deny accused accuse alleged claim report rumour refuse reject fail".split()
}
"Words that reverse what a claim says if a draft leaves them out."


def is_guarded(word: str) -> bool:
    """Whether leaving a word out, between words that stay, can reverse what is said."""
    found = content_stem(word)
    return found == NOT or found in GUARDED
