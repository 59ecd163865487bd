"""Pages as they are sent: made once for all who ask at the same time, stored, and logged as shown once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace

import anyio.to_thread

from broadsheet.errors import BroadsheetError
from broadsheet.pages.page import Page
from broadsheet.service.serving.service import Service
from broadsheet.service.serving.stored_pages import Stored

log = logging.getLogger(__name__)


async def shown_page(
    service: Service,
    key: Hashable,
    make: Callable[[], Future[Page] | asyncio.Future[Page]],
    write: Callable[[Page], Stored],
    *,
    is_shown: bool,
) -> Stored:
    """Return the stored page of a key, or make one, write it as it is sent, and store it.

    Requests for a key whose page is being made wait for that page. With `is_shown` the page's event is logged before
    the page is returned, so that what readers do on it can be logged next; a page that is sent again is logged once.
    """
    stored = service.stored.get(key)
    if stored is None:
        making: dict[Hashable, asyncio.Task[Stored]] = service.making
        if key not in making:
            making[key] = asyncio.create_task(_made(service, key, make, write))
            making[key].add_done_callback(lambda _: making.pop(key))
        stored = await asyncio.shield(making[key])
    if is_shown and stored.event is not None:
        await anyio.to_thread.run_sync(_log, service, stored)
        service.stored.put(key, replace(stored, event=None))
    return stored


async def _made(
    service: Service,
    key: Hashable,
    make: Callable[[], Future[Page] | asyncio.Future[Page]],
    write: Callable[[Page], Stored],
) -> Stored:
    page = await asyncio.wrap_future(make())
    stored = await anyio.to_thread.run_sync(write, page)
    if page.stories.num_rows:
        stored = replace(stored, event=page.event())
    service.stored.put(key, stored)
    return stored


def _log(service: Service, stored: Stored) -> None:
    try:
        service.log(stored.event)
    except BroadsheetError as error:
        log.warning("%s A page was sent that is not logged as shown.", error)
