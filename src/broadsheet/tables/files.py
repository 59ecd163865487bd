"""Files that are written whole or not at all, and what they hash to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, "utf-8")


def write_json(path: Path, document: Any) -> None:  # noqa: ANN401
    """Write a JSON file whole or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def remove_folder(folder: Path) -> None:
    """Remove a folder of the newsroom, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; then fsync it and rename it to `path`, or remove it if the block failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, path)  # noqa: PTH105
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link of a file that nobody changes in place; a copy where there are no hard links."""
    target.unlink(missing_ok=True)  # to copy into a link would change the file behind it
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
