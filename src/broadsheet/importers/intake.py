"""How the values of one import are read: the zone of its times, what becomes of HTML, and what is noted of its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.imports import zone_of
from broadsheet.errors import InputError
from broadsheet.importers.report import FORGOTTEN, ImportReport
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import Journal, carried_by
from broadsheet.orders.book import OrderBook
from broadsheet.readers.forgotten import NOBODY, Forgotten, ForgottenReaders
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.kept import SHOWN_WHEN
from broadsheet.tables.schemas import NEWS
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow

_AHEAD = timedelta(days=1)
ShownWhen = Mapping[str, datetime | None]
"""The columns `embargo_until` and `expires_at` of an article."""


def _no_former(_: str) -> ShownWhen:
    return {}


class FormerTimes:
    """The embargo and the expiry of the articles of the corpus and of the journal, read when first asked for."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom

    def __call__(self, news_id: str) -> dict[str, datetime | None]:
        """Return the two columns of an article; empty for an article without any, and for an unknown id."""
        return self._known.get(news_id, {})

    @cached_property
    def _known(self) -> dict[str, dict[str, datetime | None]]:
        news = self._newsroom.news
        if not news.is_file():
            return {}
        known = _with_times(read_table(news, NEWS))
        changes = Journal(self._newsroom).changes(_columns, after=carried_by(news), to_end=False)[1]
        if changes.added is not None:
            for news_id in changes.added.column("news_id").to_pylist():
                known.pop(news_id, None)
            known |= _with_times(changes.added)
        return {news_id: times for news_id, times in known.items() if news_id not in changes.withdrawn}


def _columns(articles: pa.Table, _: str) -> pa.Table:
    return articles.select(["news_id", *SHOWN_WHEN])


def _with_times(articles: pa.Table) -> dict[str, dict[str, datetime | None]]:
    has_any = pc.or_(*(pc.is_valid(articles.column(name)) for name in SHOWN_WHEN))
    rows = articles.select(["news_id", *SHOWN_WHEN]).filter(has_any).to_pylist()
    return {row.pop("news_id"): row for row in rows}


@dataclass
class Intake:
    """What the checks of all rows of one import share: how values are read, and the account of it."""

    report: ImportReport = field(default_factory=ImportReport)
    times: TimeReader = field(default_factory=TimeReader)
    events: Mapping[str, str] = field(default_factory=dict)
    "What events with names of the site's own mean, by the name in lower case."
    keeps_html: bool = False
    "Whether tags stay in the texts of articles."
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    forgotten: Forgotten = NOBODY
    "The readers who were forgotten."
    former: Callable[[str], ShownWhen] = _no_former
    "Returns when the earlier article with an id may be shown; empty without an earlier article."
    embargoes: Mapping[str, datetime | None] = field(default_factory=dict)
    "What editors ordered of embargoes, by the article's id: None shows the article whatever its publisher says."
    noted: list[tuple[str, str]] = field(default_factory=list)
    "What is noted of the row that is checked now, each with an example or an empty text."

    def note(self, key: str, example: str = "") -> None:
        """Note, as "table: what", what was changed or is doubtful in the row that is checked now."""
        self.noted.append((key, example))

    def refuse_forgotten(self, user_id: str, time: datetime | None = None) -> None:
        """Raise SkipRow for what a forgotten reader did until the forgetting, and for a row without a time."""
        until = self.forgotten.until(user_id)
        if until is not None and (time is None or time <= until):
            raise SkipRow(FORGOTTEN)

    def shown_when(self, news_id: str, row: Mapping[str, object]) -> dict[str, datetime | None]:
        """Return when an article may be shown; a column that the row lacks is that of the earlier article with the id.

        So an import of a file without these columns ends no embargo; an empty value does. While an editor's order on
        the embargo of an article stands, the order holds, and another embargo in the row is noted. Raises SkipRow for a
        time that cannot be read: to take it for no time could show what is not to be shown.
        """
        found = {name: self._time(name, row[name]) for name in SHOWN_WHEN if name in row}
        if len(found) < len(SHOWN_WHEN):
            found = {**dict.fromkeys(SHOWN_WHEN), **self.former(news_id), **found}
        embargo, expiry = (found[name] for name in SHOWN_WHEN)
        if news_id in self.embargoes:
            if embargo != self.embargoes[news_id] and "embargo_until" in row:
                self.note("news: embargo left as an editor ordered it", f"such as {news_id}")
            found["embargo_until"] = self.embargoes[news_id]
        elif embargo and expiry and expiry <= embargo:
            raise SkipRow(
                "expires before its embargo ends", f"found {embargo:%Y-%m-%d %H:%M} and {expiry:%Y-%m-%d %H:%M}"
            )
        if expiry and expiry <= self.now:
            self.note("news: expired already, and shown nowhere", f"such as {expiry:%Y-%m-%d %H:%M}")
        return found

    def _time(self, name: str, value: object) -> datetime | None:
        try:
            return self.times(value)
        except SkipRow as reason:
            raise SkipRow(f"{name}: {reason}", reason.example) from None

    def note_future(self, table: str, time: datetime | None) -> None:
        """Note a time more than a day after now; until then a clock may be wrong, or an article planned."""
        if time is not None and time - self.now > _AHEAD:
            self.note(f"{table}: dated in the future", f"such as {time:%Y-%m-%d %H:%M}")

    def note_zone(self) -> None:
        """Note how many times were read as times of the newsroom's zone, since they name no zone."""
        if self.times.without_zone:
            self.report.notes[f"times that name no zone, read as {self.times.zone} (setting imports.time_zone)"] = (
                self.times.without_zone
            )


def open_intake(newsroom: Newsroom, report: ImportReport | None = None, html: str = "") -> Intake:
    """Return how an import into this newsroom reads values, by section [imports] of its settings.

    `html` is "clean" or "keep", or empty for what the settings say. Raises ConfigError if the settings are wrong,
    InputError for another `html`.
    """
    settings = newsroom.config().imports
    if html not in ("", "clean", "keep"):
        raise InputError(f"html: found {html!r}, expected clean or keep.")
    keeps_html = (html or settings.html) == "keep"
    return Intake(
        ImportReport() if report is None else report,
        TimeReader(zone_of(settings.time_zone)),
        {name.strip().lower(): event for name, event in settings.events.items()},
        keeps_html,
        forgotten=ForgottenReaders(newsroom)(),
        former=FormerTimes(newsroom),
        embargoes=OrderBook(newsroom)().embargoes,
    )
