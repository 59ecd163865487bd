"""Reading files of lines, plain or gzip, as bytes: one line that is not UTF-8 must not cost the lines around it."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from broadsheet.errors import CorpusError
from broadsheet.importers.files.bounds import MOST_ROW_BYTES, Allowance
from broadsheet.progress import track

_BLOCK_BYTES = 1 << 20


def line_blocks(path: Path, what: str) -> Iterator[list[bytes]]:
    """Yield the lines of a file in lists of about 1 MiB, under a progress bar named `what`.

    Of a line that `is_too_long`, only the beginning is yielded. Lines end with LF or CR LF; in a file that begins
    without any LF, with CR. Raises CorpusError if a gzip file is damaged, cut short, or unfolds to too much.
    """
    yield from track(_blocks(path), what, total=-(-_size(path) // _BLOCK_BYTES))


def first_lines(path: Path) -> list[bytes]:
    """Return the lines of a file's beginning, about 1 MiB of them; raises CorpusError as `line_blocks` does."""
    return next(_blocks(path), [])


def is_too_long(line: bytes) -> bool:
    """Return whether a line is longer than a row may be; its end was not kept."""
    return len(line) > MOST_ROW_BYTES


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacked if its name ends with .gz."""
    return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def gzip_damage(path: Path, error: Exception) -> CorpusError:
    """Return what is said of a gzip file that cannot be unpacked."""
    return CorpusError(f"{path}: damaged gzip file ({error}). Get it again and import it anew.")


GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a damaged gzip file raises."""


def _blocks(path: Path) -> Iterator[list[bytes]]:
    allowance = Allowance(path)
    try:
        for block, size in _sized_blocks(path):
            if path.name.lower().endswith(".gz"):
                allowance.spend(size)
            if block:
                yield block
    except GZIP_ERRORS as error:
        raise gzip_damage(path, error) from error


def _sized_blocks(path: Path) -> Iterator[tuple[list[bytes], int]]:
    block: list[bytes] = []
    size = 0
    with open_bytes(path) as raw, io.BufferedReader(raw, _BLOCK_BYTES) as file:  # type: ignore[type-var]
        ends_with_cr = _ends_with_cr(file.peek())
        for line in (
            _cr_lines(cast(BinaryIO, file)) if ends_with_cr else iter(lambda: file.readline(MOST_ROW_BYTES + 1), b"")
        ):
            block.append(line)
            size += len(line)
            if is_too_long(line) and not ends_with_cr:
                for passed in iter(lambda: file.readline(_BLOCK_BYTES), b""):
                    yield [], len(passed)
                    if passed.endswith(b"\n"):
                        break
            if size >= _BLOCK_BYTES:
                yield block, size
                block, size = [], 0
    yield block, size


def _ends_with_cr(beginning: bytes) -> bool:
    """Return whether lines end with CR alone, as in files of an old Mac and of its Excel: there is no LF at all."""
    return b"\r" in beginning and b"\n" not in beginning


def _cr_lines(file: BinaryIO) -> Iterator[bytes]:
    text = io.TextIOWrapper(file, "latin-1", newline="\r")  # latin-1 has a character for each byte
    yield from (line.encode("latin-1") for line in iter(lambda: text.readline(MOST_ROW_BYTES + 1), ""))


def _size(path: Path) -> int:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if not path.name.lower().endswith(".gz") or size < 4:
            return size
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")  # gzip ends with the size of what it holds, modulo 4 GiB
