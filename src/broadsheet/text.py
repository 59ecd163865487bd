"""Texts from outside made safe to show: without control characters, on one line, shortened; and safe links."""

import unicodedata
from urllib.parse import urlsplit

_JOINERS = "\u200c\u200d"
"Words of some scripts have them, and emoji."
_SHOWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
"Format characters that are seen: Arabic and Syriac marks round a number."


def without_controls(text: str) -> str:
    """Return a text without control characters, marks of direction, zero-width characters and half characters.

    Line breaks of any kind are made one; tabs and joiners are kept.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    odd = {one for one in set(text) if not one.isprintable() and one not in "\n\t"}
    return text.translate({ord(one): _instead(one) for one in odd}) if odd else text


def one_line(text: str) -> str:
    """Return a text on one line, blanks made single, without what `without_controls` takes out."""
    return " ".join(without_controls(text).split())


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters: a longer one ends at a blank where it can, and with an ellipsis."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    blank = max(cut.rfind(" "), most // 2)
    return f"{cut[:blank].rstrip()}…"


def _instead(character: str) -> str:
    """Return what stands for a character that cannot be printed."""
    if character.isspace():
        return "\n" if f"{character}|".splitlines()[0] == "" else character if character >= "\xa0" else " "
    kind, code = unicodedata.category(character), ord(character)
    if kind == "Cn":  # a newer Unicode may have a letter there, but never in a place for no character
        return "" if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF else character
    return character if character in _JOINERS or character in _SHOWN else ""


def web_link(url: str) -> str:
    """Return the url if it is an http or https address that is safe to follow, else an empty string."""
    if any(not character.isprintable() or character.isspace() for character in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def printable(text: str) -> str:
    """Return a text on one line without control characters, which a terminal would obey."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
