"""The edition that the service answers from: a new edition takes its place between two requests, never inside one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline.pipeline import Pipeline
from broadsheet.service.serving.metrics import Metrics
from broadsheet.watching import Watch

if TYPE_CHECKING:
    from broadsheet.workbench.workbench import Workbench

log = logging.getLogger(__name__)

LOOKS_EVERY = 1.0
"""Seconds between two looks at which edition is current."""
TRIES_AGAIN = 30.0
"""Seconds after which an edition that could not be opened is tried again."""

Signature = tuple[str, bytes]
"""The name of an edition, and the settings that it was opened with."""


class Open:
    """A pipeline that requests are answered from; a request keeps the pipeline that it began with."""

    def __init__(self, pipeline: Pipeline, signature: Signature) -> None:
        self.pipeline, self.signature = pipeline, signature
        self._bench, self._version = pipeline.bench, 0
        self._lock = threading.Lock()

    @property
    def edition(self) -> str:
        """The edition's name."""
        return self.signature[0]

    def version(self) -> int:
        """Return a number that rises whenever articles were added or withdrawn, in whatever process; may read files."""
        return self._version_of(self.pipeline.bench)

    def version_at_hand(self) -> int | None:
        """Return the `version`, or None where files have to be read for it; an event loop may call this."""
        bench = self.pipeline.bench_at_hand()
        return None if bench is None else self._version_of(bench)

    def _version_of(self, bench: Workbench) -> int:
        if bench is not self._bench:
            with self._lock:
                if bench is not self._bench:
                    self._bench, self._version = bench, self._version + 1
        return self._version


class Served:
    """Keeps the current edition open, and opens the next one beside it before it takes its place."""

    def __init__(
        self, newsroom: Newsroom, metrics: Metrics, opening: Callable[[Path], Pipeline] = Pipeline.open
    ) -> None:
        """Open the current edition; raises the errors of `Pipeline.open`."""
        self.newsroom, self._metrics, self._opening = newsroom, metrics, opening
        signature = self._wanted()
        self._open = Open(self._opened(), signature)
        self._looking = threading.Lock()
        self.watching = Watch("editions", self._looked, LOOKS_EVERY)
        self.problem = ""
        """Why the edition that is current now could not be opened; empty if it is the one that is served."""

    def now(self) -> Open:
        """Return what a request that begins now is answered from."""
        return self._open

    def look(self) -> bool:
        """Open the current edition if it is another than the one served; returns whether one was taken up.

        An edition that cannot be opened, for whatever reason, leaves the earlier one in its place, and `problem` says
        why. Two threads never open editions at the same time.
        """
        with self._looking:
            return self._look()

    def _look(self) -> bool:
        try:
            wanted = self._wanted()
            if wanted == self._open.signature:
                self._told("")
                return False
            pipeline = self._opened()
            if self._wanted() != wanted:
                return False  # another edition was published meanwhile: the next look opens that
        except Exception as error:  # also an error of the system or of a model: the thread must look on
            problem = str(error) if isinstance(error, BroadsheetError) else f"{type(error).__name__}: {error}"
            if problem != self.problem:
                known = isinstance(error, BroadsheetError)
                log.error("Edition %s stays in use: %s", self._open.edition, problem, exc_info=None if known else error)
            self._metrics.open_failures.inc()
            self._told(problem)
            return False
        self._open = Open(pipeline, wanted)
        self._told("")
        self._metrics.taken_up.inc()
        log.warning("Edition %s is in use.", wanted[0])
        return True

    def _opened(self) -> Pipeline:
        begin = time.perf_counter()
        pipeline = self._opening(self.newsroom.path)
        self._metrics.open_seconds.set(time.perf_counter() - begin)
        return pipeline

    def _told(self, problem: str) -> None:
        self.problem = problem
        self._metrics.edition_problem.set(1 if problem else 0)

    def _looked(self) -> float:
        self.look()
        return TRIES_AGAIN if self.problem else LOOKS_EVERY

    def _wanted(self) -> Signature:
        room = self.newsroom
        settings = room.config_file.read_bytes() if room.config_file.is_file() else b""
        return room.current().name, settings
