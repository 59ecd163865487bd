"""The manifest of an edition: what it holds, how it was made, the hash of every file, and its own.

The manifest's own hash stands in its last field, `sha256`. It is the hash of the file's bytes with that field empty. So
a manifest is one file, which is replaced atomically, and any changed byte in it is noticed.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from broadsheet.tables.files import file_sha256, replacing

MANIFEST = "manifest.json"
_EMPTY = b'"sha256": ""'


def write_manifest(path: Path, document: dict[str, Any]) -> None:
    """Write a manifest with its own hash, whole or not at all."""
    text = json.dumps({**document, "sha256": ""}, indent=2, ensure_ascii=False) + "\n"
    head, _, tail = text.encode().rpartition(_EMPTY)
    with replacing(path) as part:
        part.write_bytes(head + _named(hashlib.sha256(text.encode()).hexdigest()) + tail)


def manifest_problem(path: Path, document: dict[str, Any]) -> str:
    """Return what is wrong with the bytes of a manifest that was read as `document`; empty if nothing is."""
    content, expected = path.read_bytes(), str(document.get("sha256"))
    head, found, tail = content.rpartition(_named(expected))
    actual = hashlib.sha256(head + _EMPTY + tail).hexdigest()
    return "" if found and actual == expected else f"{path.name}: SHA-256 is {actual}, expected {expected}"


def _named(digest: str) -> bytes:
    return f'"sha256": "{digest}"'.encode()


def file_problems(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Return a clause for each file of a folder that is missing or has another SHA-256 than `files` names."""
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda name: _sha256_or_missing(folder / name), files)
        return [
            f"{name}: SHA-256 is {actual}, expected {expected}"
            for (name, expected), actual in zip(files.items(), found, strict=True)
            if actual != expected
        ]


def _sha256_or_missing(path: Path) -> str:
    return file_sha256(path) if path.is_file() else "missing"


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in an edition's folder except the manifest, by name."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    paths = [path for path in paths if path.name != MANIFEST]
    with ThreadPoolExecutor() as pool:
        return dict(zip([path.name for path in paths], pool.map(file_sha256, paths), strict=True))
