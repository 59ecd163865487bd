"""Reading JSON: one object a line, or a whole file that is one array of objects."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError
from broadsheet.importers.files.bounds import MOST_ROW_BYTES, TOO_LONG, Allowance, Skip
from broadsheet.importers.files.lines import (
    GZIP_ERRORS,
    first_lines,
    gzip_damage,
    is_too_long,
    line_blocks,
    open_bytes,
)
from broadsheet.progress import track

NOT_AN_OBJECT = "line is not a JSON object in UTF-8"
_CHARACTERS = 1 << 20
_BLANK = " \t\r\n"


class _Twice:
    """Stands for an object in which a key is there twice."""


def json_objects(path: Path, skip: Skip, what: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file under a progress bar named `what`; `skip` is told of each line that is no object.

    Raises CorpusError if a file that begins with [ is not one array in UTF-8: behind the place where an array is
    damaged, no object could be told from a part of another.
    """
    beginning = next((line for line in first_lines(path) if line.strip()), b"").removeprefix(codecs.BOM_UTF8)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CorpusError(f"{path}: found text in UTF-16, expected UTF-8. Save the file as UTF-8.")
    is_array = beginning.lstrip().startswith(b"[")
    values = track(_elements(path), what, total=0) if is_array else _values_of_lines(path, skip, what)
    for value in values:
        if isinstance(value, dict):
            yield value
        else:
            skip("a key is there twice in one object" if isinstance(value, _Twice) else NOT_AN_OBJECT)


def json_keys(path: Path) -> list[str]:
    """Return every key of the objects of a file, in their first order: the whole file is read."""
    keys: dict[str, None] = {}
    for found in json_objects(path, lambda reason: None, f"keys of {path.name}"):
        if not found.keys() <= keys.keys():
            keys.update(dict.fromkeys(found))
    return list(keys)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice()


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _values_of_lines(path: Path, skip: Skip, what: str) -> Iterator[object]:
    for block in line_blocks(path, what):
        for line in block:
            if is_too_long(line):
                skip(f"line {TOO_LONG}")
            elif line.strip():
                try:
                    yield _DECODER.decode(line.decode("utf-8-sig"))
                except (ValueError, RecursionError):
                    yield None


def _elements(path: Path) -> Iterator[object]:
    """Yield the elements of an array, of which only one and a block are in memory."""
    text = _Text(path)
    text.take("[")
    count = 0
    if text.first() != "]":
        while True:
            yield text.element(count)
            count += 1
            if text.first() != ",":
                break
            text.take(",")
    text.take("]")
    if text.first():
        text.fail(count, "more behind the end of the array")


class _Text:
    """The text of a file, a part at a time."""

    def __init__(self, path: Path) -> None:
        self._path, self._rest = path, ""
        self._parts = _texts(path)

    def first(self) -> str:
        """Return the next character that is not blank, or "" at the end."""
        while not (rest := self._rest.lstrip(_BLANK)):
            part = next(self._parts, "")
            if not part:
                self._rest = ""
                return ""
            self._rest = part
        self._rest = rest
        return rest[0]

    def take(self, character: str) -> None:
        if self.first() != character:
            self.fail(None, f"expected {character}")
        self._rest = self._rest[1:]

    def element(self, count: int) -> object:
        self.first()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._rest)
                if end < len(self._rest):
                    self._rest = self._rest[end:]
                    return value
                problem = "no end"
            except RecursionError:
                self.fail(count, "too deep")
            except ValueError as error:
                problem = str(error)
            if len(self._rest) > MOST_ROW_BYTES:
                self.fail(count, f"{problem}, or {TOO_LONG}")
            part = next(self._parts, "")
            if not part:
                self.fail(count, problem)
            self._rest += part

    def fail(self, count: int | None, problem: str) -> Any:  # noqa: ANN401
        behind = "" if count is None else f" behind {count:,} objects"
        raise CorpusError(
            f"{self._path}: not readable as JSON{behind} ({problem}). A file that begins with [ must be one array of "
            "objects; any other file one object a line."
        )


def _texts(path: Path) -> Iterator[str]:
    decoder, allowance = codecs.getincrementaldecoder("utf-8-sig")(), Allowance(path)
    try:
        with open_bytes(path) as file:
            while part := file.read(_CHARACTERS):
                if path.name.lower().endswith(".gz"):
                    allowance.spend(len(part))
                if text := decoder.decode(part):
                    yield text
            if text := decoder.decode(b"", final=True):
                yield text
    except GZIP_ERRORS as error:
        raise gzip_damage(path, error) from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not readable as JSON ({error}). Save the file as UTF-8.") from error
