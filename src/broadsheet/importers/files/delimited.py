"""Reading CSV and TSV: the header, and rows of texts."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from broadsheet.errors import CorpusError
from broadsheet.importers.files.bounds import Skip
from broadsheet.importers.files.lines import first_lines, line_blocks
from broadsheet.importers.files.quotes import Cells, Rows

NULL_WORDS = frozenset(
    [b"NULL", b"null", b"Null", rb"\N", b"NaN", b"nan", b"-nan", b"NaT", b"None", b"N/A", b"n/a", b"#N/A", b"<NA>"]
)
"""What exports write into a cell without a value. The same word in quotation marks is a text."""
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (b",", b";", b"|", b"\t")


def header(path: Path, quoting: str) -> list[str]:
    """Return the names of the columns; empty without a line.

    Raises CorpusError if the first line is no header in UTF-8.
    """
    found = _open(path, quoting, iter(first_lines(path)), lambda reason: None)[1]
    return [] if found is None else _names(path, found)


def delimited_rows(path: Path, names: Sequence[str], quoting: str, skip: Skip) -> Iterator[dict[str, str | None]]:
    """Yield rows with the named columns; a cell without marks that holds one of NULL_WORDS is None.

    A row that repeats the header, as in files that were joined into one file, is no row of data: it is skipped.
    """
    rows, found = _open(path, quoting, chain.from_iterable(line_blocks(path, path.name)), skip)
    if found is None:
        return
    header = _names(path, found)
    places = [(name, header.index(name)) for name in names]
    for cells in rows.of(len(header)):
        if _repeats(found, cells):
            skip("header row")
            continue
        try:
            yield {name: _text(*cells[place]) for name, place in places}
        except UnicodeDecodeError:
            skip("invalid UTF-8")


def _open(path: Path, quoting: str, lines: Iterator[bytes], skip: Skip) -> tuple[Rows, Cells | None]:
    first = next((line for line in lines if line.strip(b"\r\n")), b"").removeprefix(_BOM)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorpusError(f"{path}: found text in UTF-16, expected UTF-8. Save the file as UTF-8.")
    if first.startswith(b"\x1f\x8b"):
        raise CorpusError(f"{path}: found a gzip file. Name it {path.name}.gz.")
    rows = Rows(chain([first], lines) if first else iter(()), _delimiter(path, first), quoting, skip)
    found = rows.header()
    if first and found is None:
        raise CorpusError(f"{path}: not readable as {_kind(path)}: the header has a quotation mark that is not closed.")
    return rows, found


def _delimiter(path: Path, header: bytes) -> bytes:
    """Return a tab for TSV; for CSV a comma, unless the header has no comma but another separator."""
    if _kind(path) == "TSV":
        return b"\t"
    return next((one for one in _DELIMITERS if one in header), b",")


def _kind(path: Path) -> str:
    return path.name.upper().removesuffix(".GZ").rsplit(".", 1)[-1]


def _names(path: Path, cells: Cells) -> list[str]:
    try:
        return [cell.decode().strip() for cell, _ in cells]
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not readable as {_kind(path)} ({error}). Save the file as UTF-8.") from error


def _repeats(header: Cells, cells: Cells) -> bool:
    first = cells[0][0].removeprefix(_BOM)  # each of the joined files may begin with the mark
    return first == header[0][0] and all(
        cell == name for (cell, _), (name, _) in zip(cells[1:], header[1:], strict=True)
    )


def _text(cell: bytes, is_quoted: bool) -> str | None:
    return None if not is_quoted and cell in NULL_WORDS else cell.decode()
