"""The last problems that this process logged, kept in memory for the operator's view."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from broadsheet.service.serving.metrics import Metrics
from broadsheet.text import one_line, shortened

KEPT = 100
"""Problems that are kept; a new problem takes the place of the oldest."""
LONGEST = 500
"""Most characters of a problem that are kept."""


@dataclass(frozen=True)
class LoggedProblem:
    """A line of the log at the level of a warning or above."""

    time: datetime
    "UTC."
    level: str
    "warning, error or critical."
    text: str
    "One line without control characters; of an exception, its type and message, without the lines of the program."


class RecentProblems(logging.Handler):
    """Keeps the last warnings and errors of the package's log; safe to share between threads."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.WARNING)
        self._metrics = metrics
        self._problems: deque[LoggedProblem] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep and count a line of the log."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f" {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        level = record.levelname.lower()
        time = datetime.fromtimestamp(record.created, UTC)
        self._problems.append(LoggedProblem(time, level, shortened(one_line(text), LONGEST)))
        self._metrics.log_records.labels(level).inc()

    def newest_first(self) -> list[LoggedProblem]:
        """Return the problems that are kept, newest first."""
        return list(self._problems)[::-1]
