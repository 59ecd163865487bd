"""The settings of what is tried on readers: exploration by chance, and experiments with arms of readers."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from broadsheet.config.section import MOST, Amount, Count, SettingsError, Share, section


@section
class ExplorationConfig:
    """How pages on request show other articles than the best, so that the log tells what readers do with them."""

    policy: Literal["none", "epsilon-greedy", "softmax", "thompson"] = "none"
    """How an open slot gets its article. "none": no slot is open. "epsilon-greedy": any article of the list, with
    probability epsilon. "softmax": the better the score, the more probable (Plackett-Luce). "thompson": the best
    article left, or a young article whose click rate may be higher."""
    epsilon: Share = 0.1
    "Probability that an open slot takes any article that is left, each with the same probability (epsilon-greedy)."
    temperature: Annotated[float, Field(ge=0.01, le=MOST)] = 0.1
    """Distance of two scores at which the better article is 2.7 times as probable (softmax). The scores of a list reach
    from 0 to 1; a high temperature makes all articles equally probable."""
    young_hours: Amount = 24.0
    "Hours after its publication for which an article is young (thompson)."
    slots: Annotated[int, Field(ge=0, le=1000)] = 2
    "Most slots of a page that are open to exploration, chosen by chance. With 3 or more a page takes longer to make."
    reader_slots: Count = 20
    "Most slots of a reader's pages of a day, by UTC, that take another article than the best left."


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
