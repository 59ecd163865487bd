"""Checks of single rows on their way into the corpus.

Each function takes values from outside and returns them in the form that the tables hold, or raises SkipRow with a
plain reason: one bad row is counted and left out, and never ends an import.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any

from broadsheet.importers.report import ImportReport
from broadsheet.tables.kept import kept_rows, kept_text, kept_values
from broadsheet.tables.values import SkipRow, checked_id, checked_ids, checked_text, checked_time, required_time
from broadsheet.text import shortened, without_controls

Row = Mapping[str, Any]

EVENTS = ("click", "like", "comment", "share", "save", "hide")

MOST_TITLE = 300
"""Most characters of a title; a longer title is a text in the wrong column, and is cut."""
_NEWS_TEXTS = ("title", "abstract", "body", "category", "subcategory", "language", "source", "url")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def checked_rows(
    rows: Iterable[Row], check: Callable[[Row], dict[str, Any]], report: ImportReport, table: str
) -> Iterator[dict[str, Any]]:
    """Yield each row as `check` returns it.

    A row for which `check` raises SkipRow is left out, and counted in `report.skipped` as "table: reason".
    """
    for row in rows:
        try:
            checked = check(row)
        except SkipRow as reason:
            report.skipped[f"{table}: {reason}"] += 1
        else:
            yield checked


def noting_left_out(rows: Iterable[Row], known: Iterable[str], report: ImportReport, table: str) -> Iterator[Row]:
    """Yield each row, and note in the report the names of its columns that are not `known`."""
    names = set(known)
    for row in rows:
        if not row.keys() <= names:
            report.leave_out(table, [name for name in row if name not in names])
            names.update(row)
        yield row


def content_hash(title: str, abstract: str, body: str, category: str) -> str:
    """Return the identity of an article's text: SHA-256 over the four fields, 16 hex digits."""
    joined = json.dumps([title, abstract, body, category])  # JSON, so that no two different articles join to one text
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def news_row(row: Row) -> dict[str, Any]:
    """Return a row of table news; `title` is empty if it has to be made of the text (see `made_title`)."""
    news: dict[str, Any] = {"news_id": checked_id(row.get("news_id"))}
    for name in _NEWS_TEXTS:
        text = checked_text(row.get(name))
        news[name] = without_controls(text if name == "url" else _decoded(text))
    news["title"] = shortened(news["title"], MOST_TITLE)
    news["published_at"] = checked_time(row.get("published_at"))
    return news


def _decoded(text: str) -> str:
    """Return a text with its HTML entities as the characters that they stand for; tags are left."""
    return _ENTITY.sub(lambda match: unescape(match[0]), text) if "&" in text else text


def article_row(row: Row, keep: Sequence[str] = ()) -> tuple[dict[str, Any], bool]:
    """Return a row of table news with its content hash, and whether its title had to be made of its text.

    `keep` names the columns that are no columns of table news and are kept. A row of a table news has them in `kept`.
    """
    news = news_row(row)
    news["kept"] = _kept(row, keep)
    title_is_made = not news["title"].strip()
    if title_is_made:
        news["title"] = made_title(news["abstract"], news["body"])
    news["content_hash"] = content_hash(news["title"], news["abstract"], news["body"], news["category"])
    return news, title_is_made


def _kept(row: Row, keep: Sequence[str]) -> list[dict[str, str]]:
    earlier = row.get("kept") or {}
    values: dict[str, Any] = dict(earlier) if isinstance(earlier, Mapping) else kept_values(earlier)
    values |= {name: row[name] for name in keep if name in row}
    # An article is never refused for a column that is not ours: what is no Unicode becomes question marks.
    texts = {name: kept_text(value).encode("utf-8", "replace").decode() for name, value in values.items()}
    return kept_rows({name: without_controls(text) for name, text in texts.items()})


def made_title(abstract: str, body: str) -> str:
    """Return a title for an article without one: the first sentence of its abstract or body, at most 200 characters."""
    text = abstract.strip() or body.strip()
    if not text:
        raise SkipRow("no title and no text")
    return re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0][:200].strip()


def click_row(row: Row, published: Mapping[str, datetime | None]) -> dict[str, Any]:
    """Return a row of table clicks; `published` holds the known articles with their times."""
    user_id, news_id, time = (
        checked_id(row.get("user_id")),
        checked_id(row.get("news_id")),
        required_time(row.get("time")),
    )
    event = row.get("event") or "click"
    if event not in EVENTS:
        raise SkipRow(f"unknown event; expected {', '.join(EVENTS)}")
    if news_id not in published:
        raise SkipRow("article not known")
    since = published[news_id]
    if since is not None and time < since:
        raise SkipRow("before the article was published")
    dwell_seconds = _dwell_seconds(row.get("dwell_seconds"))
    return {"user_id": user_id, "news_id": news_id, "time": time, "event": event, "dwell_seconds": dwell_seconds}


def user_row(row: Row) -> dict[str, Any]:
    """Return a row of table users."""
    return {
        "user_id": checked_id(row.get("user_id")),
        "history": checked_ids(row.get("history") or (), "history"),
        "profile": checked_text(row.get("profile")),
        "hidden": checked_ids(row.get("hidden") or (), "list of hidden articles"),
    }


def impression_row(row: Row) -> dict[str, Any]:
    """Return a row of table impressions."""
    impression_id, user_id = checked_id(row.get("impression_id")), checked_id(row.get("user_id"))
    time = required_time(row.get("time"))
    history = checked_ids(row.get("history") or (), "history")
    shown = checked_ids(row.get("shown") or (), "list of shown articles")
    clicked, propensity = row.get("clicked") or [], row.get("propensity")
    if not shown:
        raise SkipRow("no article was shown")
    if clicked and not _are_labels(clicked, len(shown)):
        raise SkipRow("not one label for each shown article")
    if propensity is not None and not _are_probabilities(propensity, len(shown)):
        raise SkipRow("not one probability for each shown article")
    return {
        "impression_id": impression_id,
        "user_id": user_id,
        "time": time,
        "history": history,
        "shown": shown,
        "clicked": clicked,
        "propensity": propensity,
    }


def _dwell_seconds(value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        seconds = float(str(value))
    except (ValueError, TypeError, OverflowError):
        raise SkipRow("unreadable dwell_seconds") from None
    if not 0 <= seconds < math.inf:
        raise SkipRow("unreadable dwell_seconds")
    return seconds


def _are_labels(values: object, count: int) -> bool:
    return isinstance(values, list | tuple) and len(values) == count and set(map(type, values)) == {bool}


def _are_probabilities(values: object, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    return all(value is None or (isinstance(value, int | float) and 0 <= value <= 1) for value in values)
