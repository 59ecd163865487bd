"""How a build begins: the journal carried into the corpus, and the folder of the new edition."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from broadsheet.errors import NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.earlier import not_reused
from broadsheet.tables.files import link_or_copy, remove_folder

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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


@contextmanager
def clear_disk_errors(newsroom: Newsroom) -> Iterator[None]:
    """Raise NewsroomError, which says what to do, where the block meets a full disk."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # FAISS raises RuntimeError for what its file layer cannot write
        if getattr(error, "errno", None) in NO_SPACE or "No space left" in str(error) or "File too large" in str(error):
            free = shutil.disk_usage(newsroom.path).free
            raise NewsroomError(
                f"{newsroom.path}: the disk is full ({free >> 20} MiB free; {error}). Nothing was published and the "
                "current edition stays. Free some space and build again: what was encoded and written is kept."
            ) from error
        raise
