"""Forgotten readers are taken out of this machine's own files: the night of another machine does not reach them."""

from __future__ import annotations

import logging
from datetime import datetime

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.service_state import clean_service_state
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.watching import Watch

log = logging.getLogger(__name__)

LOOKS_EVERY = 30.0
"""Seconds between two looks at who was forgotten."""


class ForgottenState:
    """Cleans the service's database each time that another reader was forgotten."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self._forgotten = newsroom, ForgottenReaders(newsroom)
        self._cleaned: datetime | None = None
        self.watching = Watch("forgotten-state", self._looked, LOOKS_EVERY)

    def look(self) -> bool:
        """Return whether there was anything to look for; raises NewsroomError where the database is kept busy."""
        forgotten = self._forgotten()
        until = forgotten.latest()
        if until is None or until == self._cleaned:
            return False
        clean_service_state(self._newsroom, forgotten.among, until)
        self._cleaned = until
        return True

    def _looked(self) -> float:
        try:
            self.look()
        except (BroadsheetError, OSError) as error:
            log.warning("%s Forgotten readers are taken out of it later.", error)
        return LOOKS_EVERY
