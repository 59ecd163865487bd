"""How the values of one import are read: the zone of its times, what becomes of HTML, and what is noted of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broadsheet.config.imports import zone_of
from broadsheet.errors import InputError
from broadsheet.importers.report import FORGOTTEN, ImportReport
from broadsheet.newsroom import Newsroom
from broadsheet.readers.forgotten import NOBODY, Forgotten, ForgottenReaders
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow

_AHEAD = timedelta(days=1)


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
    )
