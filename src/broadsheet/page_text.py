"""How texts from outside are shown: on one line, without control characters, and only links that are safe to follow."""

from datetime import datetime
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


def day(time: datetime) -> str:
    """Return a date such as 'Tuesday, 3 January 2017'."""
    return f"{time:%A}, {time.day} {time:%B %Y}"


def seconds(time: float) -> str:
    """Return a duration such as '1.2 s' or '40 ms'."""
    return f"{time:.1f} s" if time >= 1 else f"{time * 1000:.0f} ms"
