"""How a build begins: the journal carried into the corpus, and the folder of the new edition."""

from __future__ import annotations

from contextlib import AbstractContextManager

from broadsheet.errors import NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.earlier import not_reused
from broadsheet.tables.files import full_disk_as, link_or_copy, remove_folder

_FULL_ADVICE = (
    "Nothing was published and the current edition stays. Free some space and build again: what was encoded and "
    "written is kept."
)


def start_edition(newsroom: Newsroom) -> Edition:
    """Open the folder of the edition being built, with the corpus as it is now, and the journal in it."""
    absorb(newsroom)
    edition = newsroom.start_edition()
    for path in not_reused(edition):
        path.unlink() if path.is_file() else remove_folder(path)
    # Imports replace files and never change them, so the edition keeps what it has.
    link_or_copy(newsroom.news, edition.news)
    if newsroom.clicks.is_file():
        link_or_copy(newsroom.clicks, edition.clicks)
    return edition


def full_disk_named(newsroom: Newsroom) -> AbstractContextManager[None]:
    """Return a context that turns a full disk into a NewsroomError, which says what to do."""
    return full_disk_as(NewsroomError, newsroom.path, _FULL_ADVICE)
