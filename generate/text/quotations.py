"""The quotations of a text, which its article must have word for word."""

import re
import unicodedata
from functools import lru_cache

_DOUBLE = re.compile(r"[\"“”„«»]([^\"“”„«»\n]+)[\"“”„«»]")
_SINGLE = re.compile(r"(?<!\w)['‘]([^\n'‘’]+(?:['’]\w[^\n'‘’]*)*)['’](?!\w)")
_APOSTROPHE = re.compile(r"['‘’]")
_BETWEEN = re.compile(r"(?!(?<=\d)[.,](?=\d))[^\w%$£€]")
"Characters that separate words: all but letters, digits, their points, and the signs of quantities."
_CUT = re.compile(r"\.\.\.|…|\[[^\]]*\]|\([^)]*\)")


def altered_quotations(text: str, article: str) -> list[str]:
    """Return the quotations that the article does not have word for word.

    Quotation marks, spacing, capitals and outer punctuation may differ. What stands before and after an ellipsis, or
    words inserted in brackets, is looked for by itself.
    """
    said = _plain_article(article)
    quoted = [match[1] for match in (*_DOUBLE.finditer(text), *_SINGLE.finditer(text))]
    return [
        " ".join(quotation.split())
        for quotation in quoted
        if not all(f" {part} " in said for piece in _CUT.split(quotation) if (part := _plain(piece)))
    ]


def is_open_quote(text: str) -> bool:
    """Whether a quotation mark of a text has no partner: English “ ”, German „ “, French « » or straight ones."""
    low, left, right = (text.count(mark) for mark in "„“”")
    pairs = low == left + right if low else left == right
    return text.count('"') % 2 == 1 or not pairs or text.count("«") != text.count("»")


def unquoted(text: str) -> str:
    """Return a text with a dash in place of each quotation."""
    return _SINGLE.sub(" – ", _DOUBLE.sub(" – ", text))


@lru_cache(maxsize=64)
def _plain_article(article: str) -> str:
    return f" {_plain(article)} "


def _plain(text: str) -> str:
    """Return only the words, in lower case, with a blank between them, without any punctuation."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_BETWEEN.sub(" ", _APOSTROPHE.sub("", text)).split())
