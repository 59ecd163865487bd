"""Importing a publisher's own tables: news, clicks and users as CSV, TSV, JSONL or Parquet files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError, join_problems
from broadsheet.importers.columns import match, named_rows
from broadsheet.importers.file_rows import SUFFIXES, Skip, column_names, read_rows
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom


@dataclass(frozen=True)
class _Source:
    table: str
    path: Path
    columns: dict[str, str]
    "Our names of the columns that the file has, and the file's own."


def import_tables(
    newsroom: Newsroom, news: Path | None, clicks: Path | None, users: Path | None, columns: Mapping[str, str]
) -> ImportReport:
    """Add files to a newsroom; the suffix says how to read each: .csv, .tsv or .jsonl, also with .gz, or .parquet.

    `columns` maps our column names to those of the files, such as {"news_id": "article_id"}, or to those of the file of
    one table, such as {"news.news_id": "id", "clicks.news_id": "article_id"}; a file without the mapped column may have
    ours. Times are ISO 8601, seconds or milliseconds since 1970, or Arrow timestamps, in UTC where they
    name no zone; lists of ids are lists, or texts separated by spaces or commas. All problems of the files and of the
    mapping come in one CorpusError before anything is imported; see Import for what else is raised.
    """
    given = {"news": news, "users": users, "clicks": clicks}
    sources = _sources({table: path for table, path in given.items() if path is not None}, columns)
    with Import(newsroom) as add:
        take: dict[str, Callable[[Iterator[dict[str, Any]]], None]]
        take = {"news": add.news, "users": add.users, "clicks": add.clicks}
        for source in sources:
            take[source.table](_rows(source, add.skip))
    return add.report


def news_rows(path: Path, columns: Mapping[str, str], skip: Skip) -> Iterator[dict[str, Any]]:
    """Return the rows of one file of articles, named and read as by `import_tables`.

    `skip` is told, as "news: reason", why a row cannot be read. Raises CorpusError before the first row.
    """
    (source,) = _sources({"news": path}, columns)
    return _rows(source, skip)


def _rows(source: _Source, skip: Skip) -> Iterator[dict[str, Any]]:
    def skip_of_table(reason: str) -> None:
        skip(f"{source.table}: {reason}")

    return named_rows(read_rows(source.path, list(source.columns.values()), skip_of_table), source.columns)


def _sources(given: dict[str, Path], columns: Mapping[str, str]) -> list[_Source]:
    problems = [] if given else ["no file was named; expected articles (news), clicks or users"]
    found = {table: _columns_found(path, problems) for table, path in given.items()}
    pairs = match(found, given, columns, problems)
    if problems:
        raise CorpusError(f"{join_problems(problems)}\nNothing was imported.")
    return [_Source(table, given[table], pairs[table]) for table in given]


def _columns_found(path: Path, problems: list[str]) -> list[str] | None:
    if not path.name.endswith(SUFFIXES):
        problems.append(f"{path}: the suffix is not one of {', '.join(SUFFIXES)}")
    elif not path.is_file():
        problems.append(f"{path}: no such file")
    elif not path.stat().st_size:
        problems.append(f"{path}: the file is empty")
    else:
        try:
            names = column_names(path)
        except CorpusError as error:
            problems.append(str(error))
        else:
            problems += [
                f"{path}: column {name!r} is there twice" for name in sorted(set(names)) if names.count(name) > 1
            ]
            return names
    return None
