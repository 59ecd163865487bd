"""What keeps a true text off a page because of how it speaks: clickbait, and words that harm.

Drafts and extracts are held to this; a publisher's own headline never is. English only.
"""

import re
import unicodedata
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from broadsheet.generate.text.lexicons import lexicon
from broadsheet.generate.text.quotations import unquoted
from broadsheet.generate.text.words import fold, has_run, words

TONE = "tone-1"
"The name of these word lists and rules in the texts that passed them. A text that passed others is written again."

_NEVER = ("slur", "obscenity")
"Kinds that are allowed in no headline, and in a summary only inside quotation marks."
_AS_THE_ARTICLE = ("insult", "incitement", "self_harm")
"Kinds that a text may have if its article has them in the same way."
_WORDS = ("slur", "obscenity", "insult")
"Kinds whose entries have plurals."

_COUNT = r"\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty"
_LIST = re.compile(
    rf"\W*(?:the\s|these\s)?(?P<count>{_COUNT})\s(?:[\w'’-]+\s){{0,2}}?"
    r"(?P<what>reasons|ways|things|facts|signs|tips|tricks|secrets|hacks|mistakes|gifs|memes|lessons|takeaways)\b",
    re.IGNORECASE,
)
"A headline that counts things which its article may not list."
_WITHHELD = re.compile(
    r"\W*(?:(?:this|that|here)(?:['’]s|\sis|\sare)\s(?:where|who|the\s(?:one|only|moment|(?:real\s)?reason))"
    r"|(?:the|one)\s(?:\w+\s)?reason\s(?:why\s)?(?:he|she|they|it|you|we|your)"
    r"|(?:guess|meet|watch|see)\s(?:who|what|how|why|this|these|the\s(?:man|woman|girl|boy|dog|cat)))\b",
    re.IGNORECASE,
)
"A headline that holds back what it is about."
_EVER = re.compile(
    r"\b(?:best|worst|greatest|biggest|cutest|coolest|funniest|craziest|most\s[\w-]+)(?:\s[\w'’-]+){0,5}?\s"
    r"(?:ever|of\sall\stime|in\sthe\sworld)\b",
    re.IGNORECASE,
)
"A superlative, which is allowed if the article has the same words."
_ADDRESSES = frozenset("you your you're you'll you've yours yourself".split())
_ACRONYMS = 14
"Most letters of words in a row, all in capitals, that are acronyms rather than shouting."


def tone_problems(text: str, article: Mapping[str, Any], *, is_headline: bool = False) -> list[str]:
    """Return what is wrong with how a text about an article speaks, such as `clickbait you won't believe`.

    Words in quotation marks are their speaker's, and are never clickbait. Words that harm are named by their kind only,
    because readers can see what was refused.
    """
    text = unicodedata.normalize("NFKC", text)
    own = unquoted(text)
    baits = [*_baits(own, article), *_shouted(own, article)]
    baits += _baits_of_headline(own, article) if is_headline else []
    harms = _harms(text, own, article, is_headline=is_headline)
    return list(dict.fromkeys([*(f"clickbait {bait}" for bait in baits), *(f"harmful {kind}" for kind in harms)]))


def _baits(own: str, article: Mapping[str, Any]) -> list[str]:
    found = lexicon("clickbait").found_in(own)
    superlatives = [match[0].lower() for match in _EVER.finditer(own)]
    found += [bait for bait in (*lexicon("bait").found_in(own), *superlatives) if not _has(article, bait)]
    signs = "".join(re.findall(r"[!?]", own))
    return found + ([signs[:3]] if len(signs) > 1 and "!" in signs else [])


def _baits_of_headline(own: str, article: Mapping[str, Any]) -> list[str]:
    title = set(_folded(article["title"]))
    found = lexicon("teaser").found_in(own)
    found += [match[0].strip().lower()] if (match := _WITHHELD.match(own)) else []
    if (match := _LIST.match(own)) and not {match["count"].lower(), match["what"].lower()} <= title:
        found.append(match[0].strip().lower())
    return found + [word for word in _folded(own) if word in _ADDRESSES and not _ADDRESSES & title][:1]


def _shouted(own: str, article: Mapping[str, Any]) -> list[str]:
    """Return the words that shout: several in capitals in a row, or one that the article only has in small letters."""
    spoken = words(own)
    loud = [word.isalpha() and word.isupper() and len(word) > 2 for word in spoken]
    if not any(loud):
        return []
    runs = [
        list(run) for is_loud, run in groupby(spoken, key=lambda word: word.isalpha() and word.isupper()) if is_loud
    ]
    found = [" ".join(run[:3]) for run in runs if len(run) > 2 and len("".join(run)) > _ACRONYMS]
    written = {word for text in _texts(article) for word in words(text)}
    alone = [word for word, is_loud in zip(spoken, loud, strict=True) if is_loud and word not in written]
    return found + [word for word in alone if word.lower() in written]


def _harms(text: str, own: str, article: Mapping[str, Any], *, is_headline: bool) -> list[str]:
    found = []
    for kind in (*_NEVER, *_AS_THE_ARTICLE):
        said, own_said = (lexicon(kind, plurals=kind in _WORDS).found_in(part) for part in (text, own))
        told = all(_has(article, phrase) for phrase in said)
        told &= all(_has(article, phrase, quoted=False) for phrase in own_said)
        if said and (not told or (kind in _NEVER and (is_headline or own_said))):
            found.append(kind.replace("_", "-"))
    return found


def _has(article: Mapping[str, Any], phrase: str, *, quoted: bool = True) -> bool:
    """Whether an article has a phrase; if `quoted` is false, outside quotation marks."""
    wanted = _folded(phrase)
    return any(has_run(_folded(text if quoted else unquoted(text)), wanted) for text in _texts(article))


def _texts(article: Mapping[str, Any]) -> tuple[str, str, str]:
    return article["title"], article["abstract"], article["body"]


def _folded(text: str) -> list[str]:
    return [fold(word) for word in words(text)]
