"""Texts out of HTML: an article's text as its reader sees it, with its paragraphs and without tags."""

import re
from html import escape, unescape

_BLOCKS = frozenset(
    "address article aside blockquote dd details div dl dt fieldset figure footer h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_DROPPED = frozenset(
    "script style noscript template iframe object svg math figcaption button select textarea audio video title".split()
)
"""Elements whose content is no text of the article: code, forms, and the captions of pictures that are not kept."""
_INLINE = (
    "a abbr acronym b bdi bdo big body caption center cite code col colgroup del dfn em embed font form head html i "
    "img input ins kbd label link mark meta picture q s samp small source span strike strong sub sup time tt u var "
    "wbr".split()
)
_NAMES = "|".join(sorted([*_BLOCKS, *_CELLS, *_DROPPED, *_INLINE, "br"], key=len, reverse=True))
_TAG = re.compile(rf"<(?:/?(?:{_NAMES})(?=[\s/>])[^<>]{{0,10000}}>|!--)", re.IGNORECASE)
"""A tag of HTML, or the beginning of a comment; "a < b" and "<Enter>" are neither."""
_CLOSED = re.compile(rf"</(?:{_NAMES})\s*>|<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_EDGE = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS))})\s*/?>")
_CELL_EDGE = re.compile(r"</?(?:td|th)>")
_LINE = re.compile(r"\s*<br>\s*")
_MOST_TAGS = 5000
"""With more tags a text is no article: its tags are cut out without a look at what they enclose.

The time to parse nested elements grows with the square of their number: 100,000 take minutes.
"""
_SPACES = re.compile(r"[ \t]+")
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def without_html(text: str) -> tuple[str, bool]:
    """Return a text without tags and with its entities as characters, and whether it had tags.

    Each block such as <p> becomes a paragraph, with an empty line between two; <br> becomes a line break. Scripts,
    styles and captions of pictures are left out. Tags written as entities (&lt;p&gt;), as feeds do, are taken for tags
    if an element is closed among them. A text without tags keeps its lines.
    """
    if "<" in text and _TAG.search(text):
        return _cleaned(text), True
    decoded = decoded_entities(text)
    if decoded != text and _CLOSED.search(decoded):
        return _cleaned(decoded), True
    return decoded, False


def decoded_entities(text: str) -> str:
    """Return a text with its HTML entities as the characters that they stand for; tags are left."""
    return _ENTITY.sub(lambda match: unescape(match[0]), text) if "&" in text else text


def _cleaned(text: str) -> str:
    if text.count("<") > _MOST_TAGS:
        html = escape(_TAG.sub("", text), quote=False)
    else:
        import nh3  # of the few articles with HTML only

        allowed = {*_BLOCKS, *_CELLS, "br"}
        html = nh3.clean(text, tags=allowed, attributes={}, clean_content_tags=set(_DROPPED), link_rel=None)
    if _EDGE.search(html) or "<br>" in html:  # else the lines of the text are its own
        html = _BLANKS.sub(" ", html)
    html = _LINE.sub("\n", _CELL_EDGE.sub(" ", html))
    paragraphs = [unescape(part).strip() for part in _EDGE.sub("\n\n", html).split("\n\n")]
    return "\n\n".join(_SPACES.sub(" ", part) for part in paragraphs if part)
