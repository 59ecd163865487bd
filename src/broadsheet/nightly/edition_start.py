"""How a build begins: the journal carried into the corpus, and the folder of the new edition."""

from __future__ import annotations

from contextlib import AbstractContextManager

from broadsheet.errors import NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.earlier import not_reused
from broadsheet.tables.files import full_disk_as, link_or_copy, remove_folder

_FULL_ADVICE = (
    "Nothing was published and the current edition stays. Free some space and build again: the new build takes over "
    "the vectors and texts that are finished."
)


def start_edition(newsroom: Newsroom) -> Edition:
    """Carry the journal into the corpus, and return the new edition's folder with that corpus in it.

    Finished work of a killed build stays in the folder; everything else there is removed.
    """
    absorb(newsroom)
    edition = newsroom.start_edition()
    for path in not_reused(edition):
        path.unlink() if path.is_file() else remove_folder(path)
    # A hard link is enough: an import writes a new file in the place of the old file, which the edition keeps.
    link_or_copy(newsroom.news, edition.news)
    if newsroom.clicks.is_file():
        link_or_copy(newsroom.clicks, edition.clicks)
    return edition


def full_disk_named(newsroom: Newsroom) -> AbstractContextManager[None]:
    """Return a context that turns the error of a full disk into a NewsroomError with advice."""
    return full_disk_as(NewsroomError, newsroom.path, _FULL_ADVICE)
