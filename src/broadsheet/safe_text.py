"""Text and links from outside, made safe to show on a terminal and to follow."""

from urllib.parse import urlsplit


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
