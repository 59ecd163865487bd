"""How a build begins: journal and events carried into the corpus, and the folder of the new edition."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing

from broadsheet.errors import NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.live.events.store import stores_to_carry
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.carry_events import carry_events
from broadsheet.nightly.earlier import not_reused
from broadsheet.progress import Say, silent
from broadsheet.tables.files import copy_file, full_disk_as, remove_folder

_FULL_ADVICE = (
    "Nothing was published and the current edition stays. Free some space and build again: the new build takes over "
    "the vectors and texts that are finished."
)


def start_edition(newsroom: Newsroom, say: Say = silent) -> Edition:
    """Carry journal and events into the corpus, and return the new edition's folder with that corpus in it.

    Raises NewsroomError if the event store cannot be read: an edition without them would forget what readers hid.

    Finished work of a killed build stays in the folder; everything else there is removed.
    """
    absorb(newsroom)
    for events in stores_to_carry(newsroom, newsroom.config()):
        with closing(events) as store:
            if line := carry_events(newsroom, store).line:
                say(f"events: {line}")
    edition = newsroom.start_edition()
    for path in not_reused(edition):
        path.unlink() if path.is_file() else remove_folder(path)
    # Copies: a bit that flips in a file would flip in all hard links to it, in every edition and in the corpus.
    copy_file(newsroom.news, edition.news)
    if newsroom.clicks.is_file():
        copy_file(newsroom.clicks, edition.clicks)
    return edition


def full_disk_named(newsroom: Newsroom) -> AbstractContextManager[None]:
    """Return a context that turns the error of a full disk into a NewsroomError with advice."""
    return full_disk_as(NewsroomError, newsroom.path, _FULL_ADVICE)
