"""Reading files of lines, plain or gzip, as bytes: one line that is not UTF-8 must not cost the lines around it."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from broadsheet.errors import CorpusError
from broadsheet.progress import track

_BLOCK_BYTES = 1 << 20


def line_blocks(path: Path, what: str) -> Iterator[list[bytes]]:
    """Yield the lines of a file in lists of about 1 MiB, under a progress bar named `what`.

    Raises CorpusError if a gzip file is damaged or cut short.
    """
    yield from track(_blocks(path), what, total=-(-_size(path) // _BLOCK_BYTES))


def first_lines(path: Path) -> list[bytes]:
    """Return the lines of a file's beginning, about 1 MiB of them; raises CorpusError as `line_blocks` does."""
    return next(_blocks(path), [])


def _blocks(path: Path) -> Iterator[list[bytes]]:
    try:
        with _open(path) as file:
            while block := file.readlines(_BLOCK_BYTES):
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: damaged gzip file ({error}). Get it again and import it anew.") from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _size(path: Path) -> int:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if path.suffix != ".gz" or size < 4:
            return size
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")  # gzip ends with the size of what it holds, modulo 4 GiB
