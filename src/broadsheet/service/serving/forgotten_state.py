"""Forgotten readers are taken out of this machine's own files: the night of another machine does not reach them."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.service_state import clean_service_state
from broadsheet.readers.forgotten import ForgottenReaders

log = logging.getLogger(__name__)

LOOKS_EVERY = 30.0
"""Seconds between two looks at who was forgotten."""


class ForgottenState:
    """Cleans the service's database each time that another reader was forgotten."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self._forgotten = newsroom, ForgottenReaders(newsroom)
        self._cleaned: datetime | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="forgotten-state", daemon=True)

    def watch(self) -> None:
        """Look now and then, in a thread of its own, until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Return whether there was anything to look for; raises NewsroomError where the database is kept busy."""
        forgotten = self._forgotten()
        until = forgotten.latest()
        if until is None or until == self._cleaned:
            return False
        clean_service_state(self._newsroom, forgotten.among, until)
        self._cleaned = until
        return True

    def _watch(self) -> None:
        while not self._stopped.wait(LOOKS_EVERY):
            try:
                self.look()
            except (BroadsheetError, OSError) as error:
                log.warning("%s Forgotten readers are taken out of it later.", error)
