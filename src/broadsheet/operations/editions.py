"""What an operator does with finished editions: publish an edition, go back to an earlier one, and remove old ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from broadsheet.errors import InputError, NewsroomError, join_problems
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.newsroom.newsroom import REMOVED
from broadsheet.nightly.earlier import not_reused
from broadsheet.nightly.verify import verify_edition
from broadsheet.progress import Say, silent
from broadsheet.readers.own_table import remove_unfinished
from broadsheet.tables.files import remove_folder, sync_folder


def named_edition(newsroom: Newsroom, name: str) -> Edition:
    """Return the finished edition of this name; raises NewsroomError, which names all editions, if there is none."""
    for edition in newsroom.editions():
        if edition.name == name:
            return edition
    known = ", ".join(edition.name for edition in newsroom.editions()) or "none yet"
    raise NewsroomError(f"{newsroom.path}: no edition {name!r}. There are: {known}.")


def publish_edition(newsroom: Newsroom, name: str) -> Edition:
    """Make a finished edition current, even if the gate kept it back, and return it.

    Raises NewsroomError if there is no such edition, or if its files are not sound.
    """
    with newsroom.lock():
        edition = named_edition(newsroom, name)
        problems = verify_edition(edition)
        if problems:
            raise NewsroomError(f"{edition.path}: not published, {join_problems(problems)}. Build again.")
        if not edition.is_published():
            # Before the link: killed in between, no current edition says of itself that readers do not see it.
            write_manifest(edition.manifest, edition.read_manifest() | {"published": True})
        newsroom.point_to(edition)
        return edition


def rollback(newsroom: Newsroom, say: Say = silent) -> Edition:
    """Make the published edition before the current one current again, and return it.

    An edition that `verify` would refuse is passed over, and so is an edition that the gate kept back; `say` gets a
    line for each. Raises NewsroomError if no edition is left to go back to.
    """
    with newsroom.lock():
        current = newsroom.current_name()
        older = [edition for edition in reversed(newsroom.editions()) if edition.name < current]
        for edition in older:
            problems = _why_not_back_to(edition)
            if not problems:
                newsroom.point_to(edition)
                return edition
            say(f"passed over {edition.name}: {join_problems(problems)}")
        raise NewsroomError(f"{newsroom.path}: no sound edition before {current} to go back to.")


def _why_not_back_to(edition: Edition) -> list[str]:
    try:
        kept_back = not edition.read_manifest().get("published", True)
    except NewsroomError as error:
        return [str(error)]
    return ["the gate kept it back"] if kept_back else verify_edition(edition)


def prune(newsroom: Newsroom, keep: int) -> list[str]:
    """Remove all editions but the current one, the `keep` newest published ones and the `keep` newest kept back.

    An edition that was kept back goes too once each published edition that stays is newer, so that no edition holds a
    withdrawn article for good.

    Returns a line for each edition removed, which says so if the edition is newer than the current one. Two more things
    are removed: what killed builds and prunings left, unless the next build takes it over; and journal entries that
    every remaining edition holds. If the process is killed, each edition is either whole or gone.
    """
    if keep < 1:
        raise InputError(f"keep: found {keep}, expected 1 or more.")
    with newsroom.lock():
        current = newsroom.current().name  # raises if there is none: then nothing is known to be old
        lines = []
        for edition in beyond(newsroom, keep, current):
            kind = "published" if edition.is_published() else "kept back"
            newer = ", newer than the current one" if edition.name > current else ""
            _remove(edition.path)
            lines.append(f"removed {edition.name} ({kind}{newer})")
        for path in _leftovers(newsroom):
            path.unlink() if path.is_symlink() or path.is_file() else remove_folder(path)
        remove_unfinished(newsroom.profiles.parent)
        Journal(newsroom).remove_carried()
        return lines


def beyond(newsroom: Newsroom, keep: int, current: str) -> list[Edition]:
    """Return the editions that `prune` would remove while `current` is the current one, oldest first."""
    newest_first = newsroom.editions()[::-1]
    kinds = {edition.name: edition.is_published() for edition in newest_first}
    published = [name for name in kinds if kinds[name]][:keep]
    oldest = min([current, *published])
    kept_back = [name for name in kinds if not kinds[name] and name > oldest][:keep]
    kept = {current, *published, *kept_back}
    return [edition for edition in reversed(newest_first) if edition.name not in kept]


def _remove(folder: Path) -> None:
    """Remove an edition: first its name, in one step, then its files."""
    gone = folder.with_name(REMOVED + folder.name)
    os.replace(folder, gone)  # noqa: PTH105
    sync_folder(folder.parent)
    remove_folder(gone)


def _leftovers(newsroom: Newsroom) -> Iterator[Path]:
    """Yield what killed builds, imports and prunings left. Under the lock nobody else works on these files."""
    yield from newsroom.editions_folder.glob(f"{REMOVED}*")
    yield from newsroom.path.glob(".current.*")
    yield from newsroom.news.parent.glob(".*.part")
    if newsroom.building.path.is_dir():
        yield from not_reused(newsroom.building)
