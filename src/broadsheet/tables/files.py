"""Files that are written whole or not at all, links and folders, what files hash to, and what a full disk says.

Parts are the finished pieces of a table that is written a block at a time, so that a kill loses a block. They lie in a
folder beside the table until the table is whole. Each process writes parts under numbers of its own, so that several
processes can write at the same time.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from broadsheet.errors import BroadsheetError, DiskError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_IN_WORDS = ("No space left", "File too large", "No usable temporary directory")
"""How FAISS, safetensors and Python's tempfile word a full disk: their errors have no number, or another number."""
_SETTLED = 2.0
"""Seconds after which a time of change is trusted: two changes within one tick of the clock have the same time."""


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, "utf-8")


def write_json(path: Path, document: Any) -> None:  # noqa: ANN401
    """Write a JSON file whole or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path`; then fsync it and rename it to `path`, or remove it if the block failed.

    The new file has the mode, owner and group of the file that it replaces, as far as this user may give them away.
    Raises DiskError if the disk is full, and other OSErrors with the name of a file.
    """
    with _named(path), full_disk_as(DiskError, path, "What was there before stays. Free some space and try again."):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _new_part(path)
        try:
            yield part
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            os.replace(part, path)  # noqa: PTH105
            sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)


def _new_part(path: Path) -> Path:
    """Make an empty file beside `path`, which nobody could have put there before, and return its name."""
    # In a folder that others may write, a link under a name that they can guess would lead to a file of their choice.
    # The end of a long name alone, since the name of a file has at most 255 bytes.
    part = path.with_name(f".{path.name[-50:]}.{secrets.token_hex(8)}.part")
    try:
        found = path.lstat()
    except FileNotFoundError:
        found = None
    keeps = found is not None and stat.S_ISREG(found.st_mode)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600 if keeps else 0o666)
    try:
        if found is not None and keeps:
            for owner, group in ((-1, found.st_gid), (found.st_uid, -1)):
                with suppress(PermissionError):
                    os.fchown(handle, owner, group)
            os.fchmod(handle, stat.S_IMODE(found.st_mode))
    finally:
        os.close(handle)
    return part


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Give errors of writing that name no file, such as those of fsync, the name of `path`."""
    try:
        yield
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(path)
        raise


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link to a file that nobody changes in place, or a copy if the disk has no hard links.

    A copy is on the disk when the call returns.
    """
    target.unlink(missing_ok=True)  # to copy into a link would change the file behind it
    try:
        os.link(source, target)
    except OSError:
        copy_file(source, target)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to `target`, whole or not at all, in place of what is there; on the disk when the call returns."""
    with replacing(target) as part:
        shutil.copyfile(source, part)


def former_of(path: Path) -> Path:
    """Return where a folder that stands at a path, and is no link, lies while a link takes its place."""
    return path.with_name(f".{path.name}-former")


def replace_link(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target`, in place of an earlier link, in one atomic step.

    A relative `target` is meant as seen from the folder of `link`.
    """
    part = link.with_name(f".{link.name}.{secrets.token_hex(8)}")
    part.symlink_to(target)
    os.replace(part, link)  # noqa: PTH105
    sync_folder(link.parent)


def is_settled(mtime_ns: int) -> bool:
    """Return whether a change at this time lies so far back that any later change has another time."""
    return time.time() - mtime_ns / 1e9 > _SETTLED


@contextmanager
def full_disk_as(failure: type[Exception], path: Path, advice: str) -> Iterator[None]:
    """Raise `failure` where the block meets a full disk: it names `path`, the free space, and the advice."""
    try:
        yield
    except Exception as error:  # whatever a library makes of it: an OSError, a RuntimeError, an error of its own
        if not is_full_disk(error):
            raise
        found = error.__cause__ if isinstance(error, DiskError) else error
        folder = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        free = shutil.disk_usage(folder).free >> 20
        raise failure(f"{path}: the disk is full ({free:,} MiB free; {found}). {advice}") from error


def is_read_only(error: BaseException) -> bool:
    """Return whether the system says that this user, or this machine, may not write there."""
    return isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)


def is_full_disk(error: BaseException) -> bool:
    """Return whether an error says that the disk, or this user's share of it, is full."""
    if isinstance(error, DiskError) or getattr(error, "errno", None) in _FULL:
        return True
    return not isinstance(error, BroadsheetError) and any(words in str(error) for words in _FULL_IN_WORDS)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def same_content(path: Path, other: Path) -> bool:
    """Return whether two small files are there and have the same bytes."""
    return path.is_file() and other.is_file() and path.read_bytes() == other.read_bytes()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parts_of(table: Path) -> Path:
    """Return the folder of a table's parts."""
    return table.with_suffix(".parts")


def part_path(folder: Path, number: int) -> Path:
    """Return the name of a part."""
    return folder / f"{number:06d}.arrow"


def first_free_number(folder: Path) -> int:
    """Return the number after the largest number of a part in the folder; 0 if the folder has no part."""
    taken = (int(path.stem) for path in folder.glob("*.arrow") if path.stem.isdecimal())
    return max(taken, default=-1) + 1
