"""Rows of delimited files: where a row ends and where its cells do, under quotation marks that may be wrong.

A quotation mark that is never closed must not swallow the rows below it. Marks are read in one of four ways: `double`,
as in RFC 4180, where a mark inside a quoted cell is written twice; `backslash`, where the mark stands behind a
backslash; `none`, where marks are plain characters and each line is a row; and `auto`, described at `Rows`.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator

from broadsheet.importers.files.bounds import MOST_ROW_BYTES, TOO_LONG
from broadsheet.importers.files.lines import is_too_long

Cells = list[tuple[bytes, bool]]
"""The cells of a row, each with whether it was quoted."""

QUOTING = ("auto", "double", "backslash", "none")
WRONG_WIDTH = "wrong number of columns"
MISPLACED = "a quotation mark is not closed, or text follows the closing mark (see --quoting)"
SWALLOWED = "lines that look like rows inside one quoted cell (see --quoting)"
_MARKS = {"double": re.compile(rb'""|"'), "backslash": re.compile(rb'\\[\\"]|"')}
_MOST_PEEKS, _MOST_PEEKED_BYTES = 100, 1 << 18
"""Bounds of the search for the next row of several lines below a damaged row: an endless search would cost hours."""
_LINE_ENDS = (b"", b"\n", b"\r\n", b"\r")


class Rows:
    """The rows of a delimited file as cells.

    In `auto`, a row is read as `double`; if that does not fit, as `backslash`; if that does not fit either, a row of a
    TSV file is read as `none`, since most TSV files have no quoting, and a row of a CSV file is left out. A row of
    several lines is left out too if half of its further lines look like rows. Each line that is left out is counted.
    """

    def __init__(self, lines: Iterator[bytes], delimiter: bytes, quoting: str, skip: Callable[[str], None]) -> None:
        """Read `lines`, each with its line end; `skip` is told for each line that is left out why."""
        self._lines, self._given_back = lines, deque[bytes]()
        self._delimiter, self._quoting, self._skip = delimiter, quoting, skip

    def header(self) -> Cells | None:
        """Return the cells of the first line that is not blank; None without such a line, or if its marks are wrong."""
        line = next((line for line in self._lines if line not in _LINE_ENDS), None)
        if line is None or is_too_long(line):
            return None
        if self._quoting == "none":
            return self._plain(line)
        return self._quoted([line], "backslash" if self._quoting == "backslash" else "double")

    def of(self, width: int) -> Iterator[Cells]:
        """Yield the rows that have `width` cells, after `header` was read."""
        while line := self._next():
            if line in _LINE_ENDS:
                continue
            if is_too_long(line):
                self._skip(f"line {TOO_LONG}")
                continue
            cells = self._plain(line) if b'"' not in line or self._quoting == "none" else self._marked(line, width)
            if cells is None:
                continue
            if len(cells) == width:
                yield cells
            else:
                self._skip(WRONG_WIDTH)

    def _next(self) -> bytes:
        return self._given_back.popleft() if self._given_back else next(self._lines, b"")

    def _plain(self, line: bytes) -> Cells:
        return [(cell, False) for cell in _without_end(line).split(self._delimiter)]

    def _marked(self, line: bytes, width: int) -> Cells | None:
        """Return the cells of a row with quotation marks; None if the row was left out, and counted."""
        wrong: list[bytes] = []  # the lines of a row whose marks fit and whose width does not
        for quoting in ("double", "backslash") if self._quoting == "auto" else (self._quoting,):
            lines = [line]
            cells = self._quoted(lines, quoting)
            if cells is not None and len(cells) == width:
                if self._quoting == "auto" and self._look_swallowed(lines, width):
                    for _ in lines:
                        self._skip(SWALLOWED)
                    return None
                return cells
            if cells is not None and len(lines) == 1:
                return cells  # a whole row of the wrong width
            if cells is not None:
                wrong = wrong or lines
            self._given_back.extendleft(reversed(lines[1:]))
        plain = self._plain(line)
        if self._quoting == "auto" and self._delimiter == b"\t" and len(plain) == width:
            return plain
        if wrong and not any(self._looks_like_row(text, plain[0][0], width) for text in wrong[1:]):
            self._leave_out_lines(wrong)
        else:
            self._leave_out(plain[0][0], width, WRONG_WIDTH if wrong else MISPLACED)
        return None

    def _leave_out_lines(self, lines: list[bytes]) -> None:
        """Count the lines of one row, of which the first was taken and the others were given back."""
        for _ in lines[1:]:
            self._next()
        for line in lines:
            if line not in _LINE_ENDS:
                self._skip(WRONG_WIDTH)

    def _leave_out(self, first_cell: bytes, width: int, reason: str) -> None:
        """Count a line with a misplaced mark, and the lines that follow up to the next line that begins a row.

        A row of several lines is seen as a row too, so that its texts do not fall with the damaged row above it.
        """
        self._skip(reason)
        peeks = _MOST_PEEKS
        while line := self._next():
            if line in _LINE_ENDS:
                continue
            if self._looks_like_row(line, first_cell, width):
                self._given_back.appendleft(line)
                return
            if b'"' in line and peeks and self._is_like(line.split(self._delimiter)[0], first_cell):
                if self._begins_row(line, width):
                    self._given_back.appendleft(line)
                    return
                peeks -= 1
            self._skip(reason)

    def _begins_row(self, line: bytes, width: int) -> bool:
        """Return whether a row with marks that fit, and of the right number of cells, begins with `line`."""
        lines = [line]
        cells = self._quoted(lines, "backslash" if self._quoting == "backslash" else "double", most=_MOST_PEEKED_BYTES)
        self._given_back.extendleft(reversed(lines[1:]))
        return cells is not None and len(cells) == width

    def _quoted(self, lines: list[bytes], quoting: str, most: int = MOST_ROW_BYTES) -> Cells | None:
        """Return the cells of the row that begins with `lines`, and add its further lines.

        None if the marks do not fit, or if the row has more than `most` bytes.
        """
        cells: Cells = []
        text, at = lines[0], 0
        while True:
            if not text.startswith(b'"', at):
                end = text.find(self._delimiter, at)
                if end < 0:
                    return [*cells, (_without_end(text[at:]), False)]
                cells.append((text[at:end], False))
                at = end + 1
                continue
            parts: list[bytes] = []
            size, at = 0, at + 1
            while (mark := _MARKS[quoting].search(text, at)) is None or mark[0] != b'"':
                parts.append(text[at : mark.start()] + mark[0][1:] if mark else text[at:])
                at = mark.end() if mark else 0
                if mark is None:
                    size += len(text)
                    text = self._next()
                    if not text:
                        return None
                    lines.append(text)
                    if size + len(text) > most:
                        return None
            cells.append((b"".join(parts) + text[at : mark.start()], True))
            at = mark.end()
            if text[at:] in _LINE_ENDS:
                return cells
            if not text.startswith(self._delimiter, at):
                return None
            at += 1

    def _look_swallowed(self, lines: list[bytes], width: int) -> bool:
        first_cell = lines[0].split(self._delimiter)[0]
        like = sum(self._looks_like_row(line, first_cell, width) for line in lines[1:])
        return 0 < like >= len(lines[1:]) / 2

    def _looks_like_row(self, line: bytes, first_cell: bytes, width: int) -> bool:
        """Return whether a line has the right number of cells, and its first cell is of the kind of `first_cell`.

        Example: under a row that begins with the id `n17`, a line of a text "However, he left" is not like a row of two
        columns, since `However` has no digit.
        """
        cells = _without_end(line).split(self._delimiter)
        return len(cells) == width and self._is_like(cells[0], first_cell)

    def _is_like(self, cell: bytes, first_cell: bytes) -> bool:
        return all(trait(cell) or not trait(first_cell) for trait in (_has_digit, _is_one_word))


def _has_digit(cell: bytes) -> bool:
    return re.search(rb"\d", cell) is not None


def _is_one_word(cell: bytes) -> bool:
    return len(cell.strip(b'"').split()) == 1


def _without_end(line: bytes) -> bytes:
    if line.endswith(b"\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith((b"\n", b"\r")) else line
