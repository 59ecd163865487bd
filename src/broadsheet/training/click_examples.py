"""What towers learn from in a corpus with clicks and no impressions: histories, and the last clicks to measure on.

A click log does not tell what was shown beside a click. The articles that others read at that time stand for it. They
were as popular then as the clicked article, so ranking the click above them takes more than knowing what is popular.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.workbench.data import EditionData

MEASURED = 0.1
"""Share of the clicks that is measured on: the last by time."""
BESIDE = 20
"""How many articles of other readers' earlier clicks a click is ranked with."""
MOST = 500
"""The most clicks to measure on, the first of the last tenth by time."""


def read_clicks(data: EditionData) -> tuple[list[Impression], list[Impression]]:
    """Return readers' histories before a moment, to learn from, and the clicks after that moment, to measure on.

    Both are impressions; those of a history show nothing.

    Raises CorpusError if the click log has too few clicks for both.
    """
    log = data.clicks
    moment = float(np.quantile(log.times, 1 - MEASURED)) if len(log) else 0.0
    earlier = log.before(moment)
    rows_by_user: dict[int, dict[int, None]] = {}
    last_place: dict[int, int] = {}
    for place, (user, row) in enumerate(zip(earlier.users.tolist(), earlier.rows.tolist(), strict=True)):
        history = rows_by_user.setdefault(user, {})
        history.pop(row, None)  # an article that was read again, or also liked, stands where it was met last
        history[row] = None
        last_place[user] = place
    histories = {user: list(rows) for user, rows in rows_by_user.items()}
    learn = [_impression(data, last_place[user], history) for user, history in histories.items()]
    measured = _measured(data, len(earlier), histories)
    if not any(len(one.history_rows) > 1 for one in learn) or not measured:
        raise CorpusError(
            f"clicks: {len(log)} clicks, {len(histories)} readers before the last tenth of them and {len(measured)} "
            "clicks of them in it; expected readers with two clicks and more. Import more clicks, or name splits of "
            "impressions: train and valid."
        )
    return learn, measured


def _measured(data: EditionData, start: int, histories: dict[int, list[int]]) -> list[Impression]:
    log, measured = data.clicks, []
    for place in range(start, len(log)):
        user, row = int(log.users[place]), int(log.rows[place])
        history = histories.get(user, [])
        beside = _read_by_others(log, place, user, {row, *history})
        if history and row not in history and beside:
            clicked = [True] + [False] * len(beside)
            measured.append(_impression(data, place, history, [row, *beside], clicked))
        if len(measured) == MOST:
            break
    return measured


def _impression(
    data: EditionData, place: int, history: list[int], shown: Sequence[int] = (), clicked: Sequence[bool] = ()
) -> Impression:
    """Return what the reader of the click at `place` had read by then, and what the click is ranked among."""
    log = data.clicks
    return Impression(
        number=place,
        name=f"click {place} of the log",
        user_id=str(log.users[place]),
        time=datetime.fromtimestamp(float(log.times[place]), UTC),
        history=data.catalogue.ids(history).to_pylist(),
        history_rows=history,
        shown=data.catalogue.ids(shown).to_pylist(),
        shown_rows=list(shown),
        clicked=list(clicked),
    )


def _read_by_others(log: ClickLog, place: int, user: int, left_out: set[int]) -> list[int]:
    """Return the articles of other readers' newest clicks before a click, each once, in order of their rows."""
    near = slice(max(0, place - 10 * BESIDE), place)
    own = log.users[near] == user
    left_out = left_out | set(log.rows[near][own].tolist())
    newest = dict.fromkeys(log.rows[near][~own][::-1].tolist())
    return sorted([row for row in newest if row not in left_out][:BESIDE])
