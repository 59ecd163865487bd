"""Whether a text can be read: without markup, and in the language of its article.

Languages are told apart by their scripts and by English function words. That is enough here: the fact gate compares the
words themselves with the article, and passes a text in another language only if it says nothing but names and numbers.
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
"Words that are frequent in English and rare in other languages."
_ENGLISH_SHARE = 0.04
"A text with a smaller share of these words is not English; English news has about 0.15."
_LEAST_WORDS = 20
"Of a text of fewer words no language is told."
_OWN_SCRIPT = 0.2
"Least share of the article's letters in the script that most of a text's letters have."
_SAMPLE = 6000
"How many characters of an article its language is told from."


def form_in_words(text: str, article: Mapping[str, Any]) -> list[str]:
    """Return `markup` if a text has markup, or `language` if it is in another language than its article."""
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
    """Whether a text has English function words although its article is in another language."""
    return not is_english(article) and bool(_folded(text) & FUNCTION_WORDS - _folded(article))


def is_latin(text: str) -> bool:
    """Whether most letters of a text are of the Latin script; a text without letters counts as Latin."""
    scripts = _scripts(text[:_SAMPLE])
    return not scripts or scripts.most_common(1)[0][0] == "LATIN"


@lru_cache(maxsize=256)
def is_english(text: str) -> bool:
    """Whether a text is English, as far as that can be told; a text of a few words counts as English."""
    text = text[:_SAMPLE]
    if not is_latin(text):
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
