"""Checks of single rows on their way into the corpus.

Each function takes values from outside and returns them in the form that the tables hold, or raises SkipRow with a
plain reason: one bad row is counted and left out, and never ends an import.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from broadsheet.config.imports import Event
from broadsheet.html import decoded_entities, without_html
from broadsheet.importers.intake import Intake
from broadsheet.importers.report import NOT_KNOWN, ImportReport
from broadsheet.tables.kept import kept_rows, kept_text, kept_values
from broadsheet.tables.values import (
    LARGEST,
    SkipRow,
    checked_flag,
    checked_id,
    checked_ids,
    checked_number,
    checked_text,
    is_missing,
)
from broadsheet.text import shortened, without_controls

Row = Mapping[str, Any]

EVENTS = get_args(Event)

MOST_TITLE = 300
"""Most characters of a title; a longer title is a text in the wrong column, and is cut."""
_NEWS_TEXTS = ("title", "abstract", "body", "category", "subcategory", "language", "source", "url")
_HTML_TEXTS = ("title", "abstract", "body")


def checked_rows(
    rows: Iterable[Row], check: Callable[[Row], dict[str, Any]], intake: Intake, table: str
) -> Iterator[dict[str, Any]]:
    """Yield each row as `check` returns it.

    A row for which `check` raises SkipRow is left out, and counted in the report's `skipped` as "table: reason". What
    the check noted of a row counts if the row is taken.
    """
    for row in rows:
        intake.noted.clear()
        try:
            checked = check(row)
        except SkipRow as reason:
            intake.report.skip(table, reason)
        else:
            for key, example in intake.noted:
                intake.report.note(key, example)
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


def news_row(row: Row, intake: Intake) -> dict[str, Any]:
    """Return a row of table news; `title` is empty if it has to be made of the text (see `made_title`)."""
    news: dict[str, Any] = {"news_id": checked_id(row.get("news_id"))}
    had_html = False
    for name in _NEWS_TEXTS:
        text = _whole_text(row.get(name), f"news: {name}", intake)
        if name in _HTML_TEXTS and not intake.keeps_html:
            text, had_tags = without_html(text)
            had_html |= had_tags
        elif name != "url":
            text = decoded_entities(text)
        news[name] = without_controls(text)
    if had_html:
        intake.note("news: HTML taken out of the texts")
        news["title"] = " ".join(news["title"].split())
    news["title"] = shortened(news["title"], MOST_TITLE)
    news["published_at"] = _publication(row.get("published_at"), intake)
    return news | intake.shown_when(news["news_id"], row)


def _whole_text(value: object, column: str, intake: Intake) -> str:
    """Return a value as `checked_text` does; note it if halves of characters were taken out, as of a cut emoji.

    `column` is named in the note, such as "news: title".
    """
    text = checked_text(value)
    if isinstance(value, str) and len(text) != len(value):
        intake.note(f"{column}: half a character, such as of a cut emoji, was taken out")
    return text


def _publication(value: object, intake: Intake) -> datetime | None:
    """Return the time of an article; None for an unreadable time, since the article is worth more than its time."""
    try:
        time = intake.times(value)
    except SkipRow as reason:
        intake.note(f"news: {reason}, kept without a time", reason.example)
        return None
    intake.note_future("news", time)
    return time


def article_row(row: Row, intake: Intake, keep: Sequence[str] = ()) -> tuple[dict[str, Any], bool]:
    """Return a row of table news with its content hash, and whether its title had to be made of its text.

    `keep` names the columns that are no columns of table news and are kept. A row of a table news has them in `kept`.
    """
    news = news_row(row, intake)
    news["kept"] = _kept(row, keep, intake)
    title_is_made = not news["title"].strip()
    if title_is_made:
        news["title"] = made_title(news["abstract"], news["body"])
    news["content_hash"] = content_hash(news["title"], news["abstract"], news["body"], news["category"])
    return news, title_is_made


def _kept(row: Row, keep: Sequence[str], intake: Intake) -> list[dict[str, str]]:
    earlier = row.get("kept") or {}
    values: dict[str, Any] = dict(earlier) if isinstance(earlier, Mapping) else kept_values(earlier)
    values |= {name: row[name] for name in keep if name in row}
    # An article is never refused for a column that is not ours: what is no Unicode becomes question marks.
    texts = {name: kept_text(value) for name, value in values.items()}
    for name, text in texts.items():
        texts[name] = text.encode("utf-8", "replace").decode()
        if texts[name] != text:
            intake.note(f"news: {name}: half a character, such as of a cut emoji, was replaced by a question mark")
    return kept_rows({name: without_controls(text) for name, text in texts.items()})


def made_title(abstract: str, body: str) -> str:
    """Return a title for an article without one: the first sentence of its abstract or body, at most 200 characters."""
    text = abstract.strip() or body.strip()
    if not text:
        raise SkipRow("no title and no text")
    return re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0][:200].strip()


def click_row(row: Row, published: Mapping[str, datetime | None], intake: Intake) -> dict[str, Any]:
    """Return a row of table clicks; `published` holds the known articles with their times.

    A click before the article's time is taken and noted: an update of an article often moves its time, and the clicks
    on the earlier text are as good as those on the new text. The order of the files then makes no difference.
    """
    user_id, news_id, time = (
        checked_id(row.get("user_id")),
        checked_id(row.get("news_id")),
        intake.times.required(row.get("time")),
    )
    intake.refuse_forgotten(user_id, time)
    event = checked_text(row.get("event")).strip().lower() or "click"
    event = intake.events.get(event, event)
    if event not in EVENTS:
        found = f"found {event[:40]!r}; say what it means under [imports.events] in broadsheet.toml: {_named(event)}"
        raise SkipRow(f"unknown event; expected {', '.join(EVENTS)}", found)
    if news_id not in published:
        raise SkipRow(NOT_KNOWN, f"found {news_id!r}, which no article has as its id")
    since = published[news_id]
    dwell_seconds = checked_number(row.get("dwell_seconds"), "dwell_seconds", LARGEST)
    scroll = checked_number(row.get("scroll"), "scroll", 1)
    if since is not None and time < since:
        intake.note("clicks: before the article's time of publication")
    intake.note_future("clicks", time)
    return {
        "user_id": user_id,
        "news_id": news_id,
        "time": time,
        "event": event,
        "dwell_seconds": dwell_seconds,
        "scroll": scroll,
        "region": checked_text(row.get("region")).strip() or None,
    }


def _named(event: str) -> str:
    """Return the line of broadsheet.toml by which an event with a name of the site's own counts as a click."""
    return f'{json.dumps(event[:40])} = "click"'


def user_row(row: Row, intake: Intake) -> dict[str, Any]:
    """Return a row of table users."""
    intake.refuse_forgotten(user_id := checked_id(row.get("user_id")))
    return {
        "user_id": user_id,
        "history": checked_ids(_given(row.get("history")), "history"),
        "profile": without_controls(_whole_text(row.get("profile"), "users: profile", intake)),
        "hidden": checked_ids(_given(row.get("hidden")), "list of hidden articles"),
    }


def impression_row(row: Row, intake: Intake) -> dict[str, Any]:
    """Return a row of table impressions."""
    impression_id, user_id = checked_id(row.get("impression_id")), checked_id(row.get("user_id"))
    time = intake.times.required(row.get("time"))
    intake.refuse_forgotten(user_id, time)
    history = [] if intake.forgotten.until(user_id) else checked_ids(_given(row.get("history")), "history")
    shown = checked_ids(_given(row.get("shown")), "list of shown articles")
    clicked, propensity = _given(row.get("clicked")), _given(row.get("propensity")) or None
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
        "session_id": None if is_missing(session := row.get("session_id")) or session == "" else checked_id(session),
        "device": checked_text(row.get("device")).strip() or None,
        "is_subscriber": checked_flag(row.get("is_subscriber"), "is_subscriber"),
    }


def _given(values: object) -> Any:  # noqa: ANN401
    """Return the values of a list without a value for what is missing in it; [] for a missing list."""
    if is_missing(values) or values == "":
        return []
    return [None if is_missing(value) else value for value in values] if isinstance(values, list | tuple) else values


def _are_labels(values: object, count: int) -> bool:
    return isinstance(values, list | tuple) and len(values) == count and set(map(type, values)) == {bool}


def _are_probabilities(values: object, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    return all(value is None or (isinstance(value, int | float) and 0 <= value <= 1) for value in values)
