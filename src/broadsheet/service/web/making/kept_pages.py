"""The pages that readers saw last, for the questions that follow: what is this story, and why is it here."""

from __future__ import annotations

from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from broadsheet.live.events.known import Recent
from broadsheet.pages.page import Page
from broadsheet.service.serving.service import Service

KEPT = 500
"""Pages that are kept, those of the readers who asked last."""
Kept = tuple[Page, datetime]
"""A page and when it was made: in an archive, the page itself names the time of the archive."""
_pages: WeakKeyDictionary[Service, Recent[Kept]] = WeakKeyDictionary()


def keep_page(service: Service, page: Page) -> None:
    """Keep a page as the last page of its reader."""
    _of(service).set(page.user_id, (page, datetime.now(UTC)))


def kept_page(service: Service, reader_id: str, news_id: str) -> Page | None:
    """Return the last page of a reader, if this process made it in the edition in use and it has the story.

    A page from before the reader was forgotten, in whatever process, is not returned.
    """
    found = _of(service).get(reader_id) if reader_id else None
    if found is None or service.pipeline.bench.data.readers.forgotten().covers(reader_id, found[1]):
        return None
    page = found[0]
    if page.edition != service.served.now().edition:
        return None
    return page if news_id in page.stories.column("news_id").to_pylist() else None


def drop_page(service: Service, reader_id: str) -> None:
    """Forget the last page of a reader."""
    _of(service).drop(reader_id)


def _of(service: Service) -> Recent[Kept]:
    return _pages.setdefault(service, Recent[Kept](KEPT))
