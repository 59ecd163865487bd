"""A corpus with clicks and no impressions as something to learn from: histories first, the last clicks to measure on.

What was shown beside a click is not known there. What others read at that time stands for it: articles that were as
alive, so that to rank the click above them takes more than knowing what is popular.
"""

from __future__ import annotations

import numpy as np

from broadsheet.corpus.click_log import ClickLog
from broadsheet.errors import CorpusError
from broadsheet.offline.impressions import Labelled
from broadsheet.workbench.workbench import Workbench

MEASURED = 0.1
"""Share of the clicks, the last by time, that is measured on."""
BESIDE = 20
"""Articles that others read before a click, beside which it is ranked."""
MOST = 500
"""Most clicks measured, the first by time."""


def read_clicks(bench: Workbench) -> tuple[list[Labelled], list[Labelled]]:
    """Return readers' histories before a moment, to learn from, and the clicks from it on, to measure on.

    Raises CorpusError if the click log has too few clicks for both.
    """
    log = bench.clicks
    moment = float(np.quantile(log.times, 1 - MEASURED)) if len(log) else 0.0
    earlier = log.before(moment)
    read: dict[int, dict[int, None]] = {}
    for user, row in zip(earlier.users.tolist(), earlier.rows.tolist(), strict=True):
        history = read.setdefault(user, {})
        history.pop(row, None)  # read again, or liked as well: it stands where it was met last
        history[row] = None
    histories = {user: list(rows) for user, rows in read.items()}
    learn = [Labelled(str(user), f"reader {user}", history, [], []) for user, history in histories.items()]
    measured = _measured(log, len(earlier), histories)
    if not any(len(one.history) > 1 for one in learn) or not measured:
        raise CorpusError(
            f"clicks: {len(log)} clicks, {len(histories)} readers before the last tenth of them and {len(measured)} "
            "clicks of theirs in it; expected readers with two clicks and more. Import more clicks, or name splits of "
            "impressions with --train and --valid."
        )
    return learn, measured


def _measured(log: ClickLog, start: int, histories: dict[int, list[int]]) -> list[Labelled]:
    found = []
    for place in range(start, len(log)):
        user, row = int(log.users[place]), int(log.rows[place])
        history = histories.get(user, [])
        beside = _read_by_others(log, place, user, {row, *history})
        if history and row not in history and beside:
            flags = [True] + [False] * len(beside)
            found.append(Labelled(str(user), f"click {place} of the log", history, [row, *beside], flags))
        if len(found) == MOST:
            break
    return found


def _read_by_others(log: ClickLog, place: int, user: int, known: set[int]) -> list[int]:
    """Return the distinct articles of others' newest clicks before one, in order of their rows, without those known."""
    near = slice(max(0, place - 10 * BESIDE), place)
    own = log.users[near] == user
    known = known | set(log.rows[near][own].tolist())
    newest = dict.fromkeys(log.rows[near][~own][::-1].tolist())
    return sorted([row for row in newest if row not in known][:BESIDE])
