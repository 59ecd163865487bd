"""The newsroom that a process has open: it is opened at the first request for a page, and again after a change."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_newsroom
from broadsheet.pages.page import Page
from broadsheet.pipeline.pipeline import Filters, Pipeline
from broadsheet.tables.locks import ThreadLock

NEWSROOM_VARIABLE = "BROADSHEET_NEWSROOM"
_OPENING = ThreadLock()
"""Held while a newsroom is opened, so that several threads that ask for it at once load it only once."""


def open_newsroom(newsroom: str | Path | Newsroom | None = None) -> Pipeline:
    """Open the given newsroom, else the newsroom that $BROADSHEET_NEWSROOM names, else ./newsroom.

    A further call for the same edition with the same settings returns the pipeline that is open.
    """
    named = os.environ.get(NEWSROOM_VARIABLE) or "newsroom" if newsroom is None else newsroom
    path = given_newsroom(named).path.resolve()
    room = Newsroom(path)
    room.require()
    settings = room.config_file.read_bytes() if room.config_file.is_file() else b""
    with _OPENING:
        return _opened(path, room.current().name, settings)


@lru_cache(maxsize=2)
def _opened(path: Path, edition: str, settings: bytes) -> Pipeline:
    del edition, settings  # keys of the cache: a new edition or a changed config opens anew
    return Pipeline.open(path)


def run(user_id: str, k: int = 10, newsroom: str | Path | None = None, filters: Filters = None) -> Page:
    """Return the page of one reader; see `Pipeline.run` and `open_newsroom`."""
    return open_newsroom(newsroom).run(user_id, k, filters)
