"""A page as a feed: RSS 2.0, Atom (RFC 4287) or JSON Feed 1.1, with summaries or with headlines alone.

Texts come from outside. They are escaped, and characters that XML does not allow are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from broadsheet.pages.page import Page
from broadsheet.pages.rendering import story_fields

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
register_namespace("atom", ATOM)
register_namespace("content", CONTENT)

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Addresses(NamedTuple):
    """Where a feed is found; empty where the service does not know its own address."""

    feed: str = ""
    "The address of the feed itself."
    home: str = ""
    "The address of the page that the feed is of."


def rss(page: Page, addresses: Addresses, *, full: bool) -> bytes:
    """Return a page as RSS 2.0; with `full`, items have their summaries, reasons and pictures."""
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _add(channel, "title", f"{page.look.name}: {page.reader}")
    _add(channel, "link", addresses.home or "about:blank")
    _add(channel, "description", page.note or page.reader)
    _add(channel, "language", page.look.language)
    _add(channel, "lastBuildDate", format_datetime(page.as_of.astimezone(UTC)))
    if addresses.feed:
        SubElement(channel, f"{{{ATOM}}}link", href=addresses.feed, rel="self", type="application/rss+xml")
    for story in _stories(page):
        item = SubElement(channel, "item")
        _add(item, "title", story["marked"])
        if story["link"]:
            _add(item, "link", story["link"])
        _add(item, "guid", _urn(story["news_id"])).set("isPermaLink", "false")
        _add(item, "pubDate", format_datetime(_time(story, page)))
        if story["category"]:
            _add(item, "category", story["category"])
        if full:
            _add(item, "description", story["summary"] or story["headline"])
            _add(item, f"{{{CONTENT}}}encoded", _content(story))
    return _document(root)


def atom(page: Page, addresses: Addresses, *, full: bool) -> bytes:
    """Return a page as an Atom feed; with `full`, entries have their summaries, reasons and pictures."""
    root = Element(f"{{{ATOM}}}feed")
    in_atom = _in_atom(root)
    in_atom("title", f"{page.look.name}: {page.reader}")
    in_atom("id", addresses.feed or _urn(f"page of {page.user_id}"))
    in_atom("updated", page.as_of.astimezone(UTC).isoformat())
    SubElement(in_atom("author"), f"{{{ATOM}}}name").text = _legal(page.look.name)
    for href, rel in ((addresses.feed, "self"), (addresses.home, "alternate")):
        if href:
            in_atom("link").attrib.update({"href": href, "rel": rel})
    for story in _stories(page):
        of_entry = _in_atom(in_atom("entry"))
        of_entry("title", story["marked"])
        of_entry("id", _urn(story["news_id"]))
        of_entry("updated", _time(story, page).isoformat())
        if story["link"]:
            of_entry("link").attrib.update({"href": _legal(story["link"]), "rel": "alternate"})
        if story["category"]:
            of_entry("category").set("term", _legal(story["category"]))
        if full or not story["link"]:  # an entry without a link needs a content
            of_entry("content", _content(story) if full else escape(story["marked"])).set("type", "html")
    return _document(root)


def json_feed(page: Page, addresses: Addresses, *, full: bool) -> bytes:
    """Return a page as a JSON Feed 1.1; with `full`, items have their summaries, reasons and pictures."""
    known = {"home_page_url": addresses.home, "feed_url": addresses.feed, "description": page.note}
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{page.look.name}: {page.reader}",
        **{name: value for name, value in known.items() if value},
        "language": page.look.language,
        "items": [_item(story, page, full=full) for story in _stories(page)],
    }
    return json.dumps(feed, ensure_ascii=False).encode("utf-8", "replace")


def _item(story: Mapping[str, Any], page: Page, *, full: bool) -> dict[str, Any]:
    known = {"url": story["link"], "image": story["image"] if full else "", "summary": story["summary"] if full else ""}
    return {
        "id": _urn(story["news_id"]),
        "title": story["marked"],
        **({"content_html": _content(story)} if full else {"content_text": story["marked"]}),
        "date_published": _time(story, page).isoformat(),
        **{name: value for name, value in known.items() if value},
        **({"authors": [{"name": story["source"]}]} if story["source"] else {}),
        **({"tags": [story["category"]]} if story["category"] else {}),
    }


FEEDS: Mapping[str, tuple[Callable[..., bytes], str]] = {
    "rss": (rss, "application/rss+xml"),
    "atom": (atom, "application/atom+xml"),
    "jsonfeed": (json_feed, "application/feed+json"),
}
"""For each form of a feed, what writes it and its media type."""


def _stories(page: Page) -> Iterator[dict[str, Any]]:
    for row in page.stories.to_pylist():
        yield story_fields(row, page.look)


def _content(story: Mapping[str, Any]) -> str:
    """Return the summary of a story with its picture and its reason, as HTML."""
    parts = []
    if story["image"]:
        parts.append(f'<p><img src="{escape(story["image"])}" alt=""></p>')
    if story["marks"]:
        parts.append(f"<p><strong>{escape(' · '.join(story['marks']))}</strong></p>")
    parts.append(f"<p>{escape(story['summary'] or story['headline'])}</p>")
    if story["why"]:
        parts.append(f"<p><em>{escape(story['why'])}</em></p>")
    return "".join(parts)


def _time(story: Mapping[str, Any], page: Page) -> datetime:
    time: datetime = story["published_at"] or page.as_of
    return time.astimezone(UTC)


def _urn(news_id: str) -> str:
    return f"urn:broadsheet:{quote(news_id, safe='')}"


def _in_atom(parent: Element) -> Callable[..., Element]:
    return lambda name, text="": _add(parent, f"{{{ATOM}}}{name}", text)


def _add(parent: Element, name: str, text: str = "") -> Element:
    element = SubElement(parent, name)
    element.text = _legal(text) or None
    return element


def _legal(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _document(root: Element) -> bytes:
    found: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return found
