"""What is read of an article, and what keeps a text from being read: markup, and another language than the article's.

The languages are told apart by their scripts and by English function words, which is all that is asked of it: the fact
gate holds the words themselves against the article, and lets a text in another language pass only where names and
numbers are all that it says.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from broadsheet.generate.text.words import FUNCTION_WORDS, fold, words

_MARKUP = re.compile(r"</?[a-z!][^<>]*>|&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);|\]\(|\bhttps?://|```|<!--", re.IGNORECASE)
_ENGLISH = frozenset(
    "the and that with from this his they their which would been were by it its are who what has".split()
)
"Words that are frequent in English and hardly a word elsewhere."
_ENGLISH_SHARE = 0.04
"Share of these among the words of a text below which it is not English: of news in English it is some 0.15."
_LEAST_WORDS = 20
"Words below which nothing is said of a language."
_OWN_SCRIPT = 0.2
"Share of the article's letters that the script of most of a text's letters must have."
_SAMPLE = 6000
"Characters of an article whose language is told."


def form_in_words(text: str, article: Mapping[str, Any]) -> list[str]:
    """Return `markup` or `language` where a text has markup, or is in another language than its article."""
    whole = f"{article['title']}\n{article['abstract'][:_SAMPLE]}\n{article['body'][:_SAMPLE]}"
    strange = _is_of_another_script(text, whole) or _is_english_alone(text, whole)
    return ["markup"] * bool(_MARKUP.search(text)) + ["language"] * strange


def has_markup(text: str) -> bool:
    """Tell whether a text has tags, entities, links or addresses in it."""
    return bool(_MARKUP.search(text))


def _is_of_another_script(text: str, article: str) -> bool:
    said, written = _scripts(text), _scripts(article)
    if not said or not written:
        return False
    return written[said.most_common(1)[0][0]] < _OWN_SCRIPT * written.total()


def _is_english_alone(text: str, article: str) -> bool:
    """Tell whether a text has English function words that its article, in another language, does not have."""
    return not is_english(article) and bool(_folded(text) & FUNCTION_WORDS - _folded(article))


@lru_cache(maxsize=256)
def is_english(text: str) -> bool:
    """Tell whether a text is in English, as far as it can be told; true of one of a few words."""
    text = text[:_SAMPLE]
    if (scripts := _scripts(text)) and scripts.most_common(1)[0][0] != "LATIN":
        return False
    spoken = [fold(word) for word in words(text)]
    return len(spoken) < _LEAST_WORDS or sum(word in _ENGLISH for word in spoken) >= _ENGLISH_SHARE * len(spoken)


@lru_cache(maxsize=256)
def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words(text))


@lru_cache(maxsize=256)
def _scripts(text: str) -> Counter[str]:
    """Return how many letters of each script a text has."""
    return Counter(_script(letter) for letter in text if letter.isalpha())


@lru_cache(maxsize=1 << 14)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "IDEOGRAPHIC") else name
