"""The clicks and showings that the sources count, with what is found out of them once for all requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.exposures import Exposures
from broadsheet.corpus.unseen import Unseen
from broadsheet.retrieval.sources.co_click import LastCoClicks


class Logs:
    """The click log and the showings as they stand; never changed, since events that come in make others."""

    def __init__(
        self,
        clicks: ClickLog,
        exposures: Exposures,
        earlier: Logs | None = None,
        latest: datetime | None = None,
    ) -> None:
        """`latest` is when the last event happened that came since the edition was built; None if none came.

        Of an archive, a few events far behind all other times do not set it.

        `earlier` are shorter logs of the same articles, whose counts may serve on; see LastCoClicks and Unseen.
        """
        self.clicks, self.exposures, self.latest = clicks, exposures, latest
        self.co_clicks: LastCoClicks = LastCoClicks(clicks, earlier.co_clicks if earlier else None)
        self.unseen: Unseen = Unseen(exposures, earlier.unseen if earlier else None)


NowLogs = Callable[[], Logs]
"""Returns the logs as they are now."""
