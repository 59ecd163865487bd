"""The settings of experiments: arms of readers, each with its own settings."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from broadsheet.config.section import Amount, SettingsError, Share, section


def _checked_time(value: object) -> object:
    """Return a time as the text that the setting holds; raises ValueError for a text that is no time."""
    if isinstance(value, list) and len(value) == 1:  # a date without quotes: `read_config` makes it a list of its text
        value = value[0]
    if isinstance(value, str) and value:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError('a day or a time, such as "2026-11-01" or "2026-11-01T06:00:00Z"') from None
    return value


Time = Annotated[str, BeforeValidator(_checked_time)]
"""A day or a time as ISO 8601 writes it, UTC unless it names another zone; empty for no bound."""


def time_of(text: str) -> datetime | None:
    """Return the time that a setting of the kind Time holds; None for no bound."""
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@section
class ArmConfig:
    """Some of an experiment's readers, and the settings of their pages."""

    weight: Amount = 1.0
    "Share of the experiment's readers in this arm, beside the weights of the other arms; 0 for no reader."
    settings: dict[str, Any] = field(default_factory=dict)
    "Settings that this arm changes, such as [experiments.NAME.arms.ARM.settings.rerank.weights]."


@section
class ExperimentConfig:
    """An experiment: the first of its arms is the control, with which the others are compared."""

    arms: dict[str, ArmConfig]
    "Two arms or more, by name."
    kind: Literal["split", "interleaving"] = "split"
    """"split": each reader is in one arm. "interleaving": each page has articles of two arms, and clicks are votes for
    the arm that put the article; the arms' weights count nothing."""
    start: Time = ""
    "When the experiment begins, such as 2026-11-01; empty if it has begun."
    end: Time = ""
    "When it ends; empty for no end."
    share: Share = 1.0
    "Share of all readers who take part."
    salt: str = ""
    "Another text gives each reader an arm anew."

    def __post_init__(self) -> None:
        """Raise SettingsError if there are not two arms with readers, or the experiment ends before it begins."""
        problems = {}
        if sum(arm.weight > 0 for arm in self.arms.values()) < 2:
            problems["arms"] = "expected at least two arms whose weight is above 0"
        if self.kind == "interleaving" and len(self.arms) != 2:
            problems["arms"] = f"found {len(self.arms)}, expected two arms to interleave"
        start, end = time_of(self.start), time_of(self.end)
        if start and end and end <= start:
            problems["end"] = f"found {self.end}, expected a time after the start, {self.start}"
        if problems:
            raise SettingsError(problems)

    def runs_at(self, time: datetime) -> bool:
        """Return whether the experiment runs at a time: from its start until before its end."""
        start, end = time_of(self.start), time_of(self.end)
        return (start is None or start <= time) and (end is None or time < end)
