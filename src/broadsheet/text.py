"""Texts from outside made safe to show: without control characters, on one line, shortened; and safe links."""

import re
import unicodedata
from urllib.parse import urlsplit

_JOINERS = "\u200c\u200d"
"Words of some scripts have them, and emoji."
_SHOWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
"Format characters that are seen: Arabic and Syriac marks round a number."
_JOINED = re.compile(rf"(?<=[^\x00-\x7f])[{_JOINERS}](?=[^\x00-\x7f])")
_BEFORE_HOST = re.compile(r":[^\s]*@")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def has_controls(text: str) -> bool:
    """Return whether a text has a character that no id and no reader's words may have.

    Such characters are control characters (line breaks and tabs among them), characters that begin a line or turn the
    direction of the text after them, and halves of characters (surrogates, which no file in UTF-8 can hold).
    """
    return not text.isprintable() and _CONTROLS.search(text) is not None


def has_invisible(text: str) -> bool:
    """Return whether a text has a character that nobody sees, such as a byte-order mark or a zero-width space.

    Joiners between two letters of another script than ours, or between two emoji, are seen by what they do.
    """
    if text.isprintable():
        return False
    seen = _JOINED.sub("", text)
    return any(unicodedata.category(one) == "Cf" and one not in _SHOWN for one in seen)


def without_controls(text: str) -> str:
    r"""Return a text without control characters, marks of direction, zero-width characters and half characters.

    Each line break, of whatever kind, becomes "\n"; tabs and joiners are kept.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    odd = {one for one in set(text) if not one.isprintable() and one not in "\n\t"}
    return text.translate({ord(one): _instead(one) for one in odd}) if odd else text


def escaped_controls(document: str) -> str:
    r"""Return JSON with the control characters in its texts as escapes, such as \u009b; what it says stays the same."""
    return _CONTROLS.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", document)


def without_password(text: str) -> str:
    """Return a text with what an address in it has between the first colon and the last @ taken out.

    `postgresql://ann:secret@host/news` becomes `postgresql:…@host/news`: where a password begins is not always clear.
    """
    return _BEFORE_HOST.sub(":…@", text)


def one_line(text: str) -> str:
    """Return a text on one line with single blanks, without the characters that `without_controls` takes out.

    Safe to print: a terminal has nothing to obey in it.
    """
    return " ".join(without_controls(text).split())


def html_value(value: object) -> object:
    """Return a value of a template as HTML may show it: a text without control characters, anything else as it is."""
    return without_controls(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters: a longer text is cut, at a blank if possible, and ends with "…"."""
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
