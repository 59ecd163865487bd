"""Taking forgotten readers out of finished editions.

An edition never changes, so that a process may have its files mapped. The edition without the readers is thus another
edition, under the next free name behind the old name: its other files are hard links, and its tables and its manifest
are written anew. It takes the old edition's place by one rename and, if that is current, one replaced link; then the
old edition is removed. Killed in between, there is always a whole edition under either name, and editions to go back to
stay: to remove them instead would leave an operator nothing to roll back to after a bad night.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.manifest import MANIFEST, write_manifest
from broadsheet.newsroom.newsroom import REMOVED
from broadsheet.nightly.forgetting.forgotten_rows import Find, drop_readers, old_rows, readers_in
from broadsheet.progress import Say
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import file_sha256, link_or_copy, remove_folder, sync_folder
from broadsheet.tables.schemas import CANDIDATES, CLICKS, RANKED, STORIES, USERS, user_vectors

_WORK = ".rewritten"
_OF = "rewritten_of"
"""Key of a manifest: the edition in whose place it stands."""


def clean_editions(newsroom: Newsroom, names: Iterable[str], find: Find, say: Say) -> None:
    """Take forgotten readers out of the editions of these names, and remove what killed removals left.

    An edition that is damaged is removed, unless it is current: then NewsroomError is raised. The caller holds the
    newsroom's lock. `say` gets a line for each edition that changed.
    """
    folder = newsroom.editions_folder
    for left in [folder / _WORK, *folder.glob(f"{REMOVED}*")]:
        remove_folder(left) if left.is_dir() and not left.is_symlink() else left.unlink(missing_ok=True)
    wanted = set(names)
    for edition in [edition for edition in newsroom.editions() if edition.name in wanted]:
        is_current = edition.name == _current(newsroom)
        try:
            has_any = any(_has_any(path, schema, find) for path, schema in _tables(edition))
        except BroadsheetError as error:
            if is_current:
                raise NewsroomError(
                    f"{edition.path}: it is the current edition and damaged ({error}), so forgotten readers cannot be "
                    "taken out of it. Run `broadsheet build`, or `broadsheet rollback`; the next build tries again."
                ) from error
            _remove(edition.path)
            say(f"forgotten readers: removed edition {edition.name}, which is damaged")
            continue
        if has_any:
            made = _rewritten(newsroom, edition, find)
            if is_current:
                newsroom.point_to(made)
            _remove(edition.path)
            say(f"forgotten readers: taken out of edition {edition.name}, which is now {made.name}")


def _tables(edition: Edition) -> Iterator[tuple[Path, pa.Schema]]:
    """Yield the tables of an edition that name readers."""
    tables = [(edition.users, USERS), (edition.candidates, CANDIDATES), (edition.ranked, RANKED)]
    tables += [(edition.stories, STORIES), (edition.clicks, CLICKS)]
    yield from ((path, schema) for path, schema in tables if path.is_file())
    if edition.user_vectors.is_file():
        with pa.memory_map(str(edition.user_vectors)) as file:
            dim = pa.ipc.open_file(file).schema.field("vector").type.list_size
        yield edition.user_vectors, user_vectors(dim)


def _has_any(path: Path, schema: pa.Schema, find: Find) -> bool:
    table = read_table(path, schema)
    return bool(old_rows(table, find(readers_in(table))).any())


def _rewritten(newsroom: Newsroom, edition: Edition, find: Find) -> Edition:
    """Return the edition without the readers, complete beside the old edition."""
    target, made_before = _place(newsroom, edition)
    if made_before:
        return target
    work = Edition(newsroom.editions_folder / _WORK)
    work.path.mkdir()
    manifest = edition.read_manifest()
    hashes: dict[str, str] = dict(manifest["files"])
    schemas = {path.name: schema for path, schema in _tables(edition)}
    for path in sorted(edition.path.iterdir()):
        if path.name == MANIFEST or path.name.startswith(".") or not path.is_file():
            continue
        schema = schemas.get(path.name)
        if schema is not None and drop_readers(path, schema, find, work.path / path.name):
            hashes[path.name] = file_sha256(work.path / path.name)
        else:
            link_or_copy(path, work.path / path.name)
    counts: dict[str, Any] = {**manifest["counts"], "users": len(read_table(work.users, USERS))}
    write_manifest(work.manifest, {**manifest, "files": hashes, "counts": counts, _OF: edition.name})
    sync_folder(work.path)
    work.path.rename(target.path)
    sync_folder(newsroom.editions_folder)
    return target


def _place(newsroom: Newsroom, edition: Edition) -> tuple[Edition, bool]:
    """Return the edition's next free name, and whether a killed build made the edition under this name already."""
    number = 2
    while True:
        target = Edition(newsroom.editions_folder / f"{edition.name}-{number}")
        if not target.path.exists():
            return target, False
        with suppress(NewsroomError):
            if target.read_manifest().get(_OF) == edition.name:
                return target, True
        number += 1


def _current(newsroom: Newsroom) -> str:
    with suppress(NewsroomError):
        return newsroom.current_name()
    return ""


def _remove(folder: Path) -> None:
    """Remove an edition: first its name, in one step, then its files."""
    gone = folder.with_name(REMOVED + folder.name)
    os.replace(folder, gone)  # noqa: PTH105
    sync_folder(folder.parent)
    remove_folder(gone)
