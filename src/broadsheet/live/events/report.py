"""What became of events that were logged: how many were taken, and why others were refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from broadsheet.tables.values import SkipRow
from broadsheet.text import one_line


@dataclass
class LogReport:
    """The account of events that were logged, for the terminal (`str`) and for a file (`to_dict`)."""

    taken: Counter[str] = field(default_factory=Counter)
    "Events that were taken, by kind; they are on the disk."
    repeated: int = 0
    "How many of the events taken the store had already: they were sent before, and count once."
    refused: Counter[str] = field(default_factory=Counter)
    "Events that were not taken, by reason."
    examples: dict[str, str] = field(default_factory=dict)
    "For a reason the first value that was found, and what was expected there."
    left_out: Counter[str] = field(default_factory=Counter)
    "Values of events taken that were left out, by 'kind: field': events of this kind have no such field."
    first: datetime | None = None
    "Earliest time of an event that was taken, UTC."
    last: datetime | None = None
    "Latest time of an event that was taken, UTC."

    @property
    def new(self) -> int:
        """How many of the events taken were not there before."""
        return self.taken.total() - self.repeated

    def refuse(self, reason: SkipRow) -> None:
        """Count an event that is not taken; the first example of each reason is kept."""
        key = str(reason)
        self.refused[key] += 1
        if reason.example:
            self.examples.setdefault(key, reason.example)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold; times in ISO 8601."""
        return {
            "taken": dict(self.taken.most_common()),
            "new": self.new,
            "repeated": self.repeated,
            "refused": dict(self.refused.most_common()),
            "examples": self.examples,
            "left_out": dict(self.left_out.most_common()),
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }

    def __str__(self) -> str:
        """Write the report as aligned plain text, several lines without a final newline."""
        lines = [f"taken: {_events(self.taken.total())}"]
        lines += [f"{count:>12,}  {kind}" for kind, count in self.taken.most_common()]
        if self.repeated:
            lines.append(f"sent before, and counted once: {_events(self.repeated)}")
        if self.first and self.last:
            lines.append(f"times: {self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC")
        if self.left_out:
            named = ", ".join(f"{name} ({count:,})" for name, count in self.left_out.most_common())
            lines.append(one_line(f"fields that were not taken: {named}"))
        lines.append(f"refused: {_events(self.refused.total())}" if self.refused else "refused: nothing")
        for reason, count in self.refused.most_common():
            example = self.examples.get(reason)
            lines.append(f"{count:>12,}  {reason}{f' ({example})' if example else ''}")
        return "\n".join(lines)


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
