"""The day's letters: who gets one, each reader once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from broadsheet.letters.delivery import Deliver, NotSentError, PerhapsSentError
from broadsheet.letters.mail import Sender, make_mail
from broadsheet.letters.sent import Sent

if TYPE_CHECKING:
    from email.message import EmailMessage

    from broadsheet.letters.addresses import Contact
    from broadsheet.pipeline import Pipeline

AT_ONCE = 64
"""Readers whose pages are made together."""
Sign = Callable[[str], str]
"""From a reader's id to the token that stops the reader's letters; empty for none."""


@dataclass
class LetterReport:
    """What became of the day's letters."""

    sent: int = 0
    again: int = 0
    "Readers who have had the day's letter already."
    stopped: int = 0
    "Readers who want no letters."
    without_address: int = 0
    empty: int = 0
    "Readers for whom there are no stories."
    failed: list[str] = field(default_factory=list)
    "What the mail server said of the letters that it did not take."
    unknown: list[str] = field(default_factory=list)
    "What went wrong with letters that may have arrived; they are not sent again that day."

    def __str__(self) -> str:
        counts = {
            "sent": self.sent,
            "sent earlier today": self.again,
            "stopped": self.stopped,
            "without an address": self.without_address,
            "without stories": self.empty,
            "not taken": len(self.failed),
            "perhaps taken": len(self.unknown),
        }
        problems = Counter([*self.failed, *self.unknown]).most_common()
        line = ", ".join(f"{name}: {count:,}" for name, count in counts.items())
        return "; ".join([line, *(f"{count:,} x {problem}" for problem, count in problems)])


def send_letters(
    pipeline: Pipeline,
    user_ids: Sequence[str],
    contacts: Mapping[str, Contact],
    sent: Sent,
    deliver: Deliver,
    *,
    sender: Sender,
    sign: Sign,
    now: datetime,
) -> LetterReport:
    """Send each of the readers the letter of the day `now` of the newsroom's zone, unless the reader had it already."""
    report, stopped = LetterReport(), sent.stopped()
    settings = pipeline.bench.models.config.letter
    day = now.astimezone(ZoneInfo(settings.zone)).date().isoformat()
    wanted = list(dict.fromkeys(user_ids))
    report.stopped = sum(user_id in stopped for user_id in wanted)
    able = [user_id for user_id in wanted if user_id not in stopped]
    reached = [user_id for user_id in able if user_id in contacts and contacts[user_id].address]
    report.without_address = len(able) - len(reached)
    had = sent.had_letter(day)
    report.again = sum(user_id in had for user_id in reached)
    waiting = [user_id for user_id in reached if user_id not in had]
    for start in range(0, len(waiting), AT_ONCE):
        for page in pipeline.run_many(waiting[start : start + AT_ONCE], settings.stories):
            if not page.stories.num_rows:
                report.empty += 1
                continue
            mail = make_mail(page, contacts[page.user_id].address, sender, sign(page.user_id), now)
            _deliver(page.user_id, mail, sent, deliver, day=day, report=report)
    return report


def _deliver(user_id: str, mail: EmailMessage, sent: Sent, deliver: Deliver, *, day: str, report: LetterReport) -> None:
    """Deliver a letter, which is entered just before: a process that is killed loses this letter and no other."""
    if not sent.begin_letter(user_id, day):  # another process has sent it meanwhile
        report.again += 1
        return
    try:
        deliver(user_id, mail)
        report.sent += 1
    except NotSentError as error:
        sent.no_letter(user_id, day)
        report.failed.append(str(error))
    except PerhapsSentError as error:
        report.unknown.append(str(error))
