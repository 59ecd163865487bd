"""Importing by a function of the site's own, which reads what it likes and yields rows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from broadsheet.errors import BroadsheetError, CorpusError, OwnPartError
from broadsheet.importers.columns import kept_already
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.own_parts import OwnParts, ReadRows, open_parts, part_title
from broadsheet.text import shortened

_TABLES = ("news", "users", "clicks")
_SPLIT = "impressions:"
_LONGEST = 80
"""Most characters of a wrong value that a message repeats."""


def import_own(
    newsroom: Newsroom, name: str, path: Path, parts: OwnParts | None = None, *, keep: Sequence[str] | None = None
) -> ImportReport:
    """Add what the importer of this name reads from a file or a folder; every row is checked as in any import.

    The importer is that of `parts`, or without them the one that the newsroom's broadsheet.toml names under
    [own.importers]. `keep` names columns of its articles that come through to pages; without `keep`, the
    columns that the newsroom keeps already. Raises CorpusError if there is no such importer, OwnPartError if it fails
    or yields anything but pairs of a table's name and a row; see Import for what else is raised. The newsroom
    is then as it was.
    """
    importers = (open_parts(newsroom.config().own) if parts is None else parts).importers
    if name not in importers:
        raise CorpusError(
            f"importer {name!r}: known here are {', '.join(importers) or 'none'}. "
            f"Name its function in {newsroom.config_file} under [own.importers]."
        )
    with Import(newsroom, kept_already(newsroom) if keep is None else keep) as add:
        for table, row in _pairs(part_title("importer", name, importers[name]), importers[name], path):
            if table == "news":
                add.news([row])
            elif table == "users":
                add.users([row])
            elif table == "clicks":
                add.clicks([row])
            else:
                add.impressions(table.removeprefix(_SPLIT), [row])
    return add.report


def _pairs(title: str, read: ReadRows, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        yield from (_checked(title, place, pair) for place, pair in enumerate(read(path)))
    except BroadsheetError:
        raise
    except Exception as error:
        raise OwnPartError(f"{title} raised {type(error).__name__}: {error}. Nothing was imported.") from error


def _checked(title: str, place: int, pair: object) -> tuple[str, Mapping[str, Any]]:
    if isinstance(pair, tuple) and len(pair) == 2:
        table, row = pair
        named = isinstance(table, str) and (table in _TABLES or table.startswith(_SPLIT))
        if named and isinstance(row, Mapping):
            return table, row
    raise OwnPartError(
        f"{title} yielded {shortened(repr(pair), _LONGEST)} at place {place}, expected a pair of a table's name "
        f'({", ".join(_TABLES)} or "{_SPLIT}SPLIT") and a row as a mapping. Nothing was imported.'
    )
