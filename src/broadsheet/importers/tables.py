"""Importing a publisher's own tables: news, clicks and users as CSV, TSV, JSONL or Parquet files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError, join_problems
from broadsheet.importers.columns import keep_problems, kept_already, left_out, match, named_rows
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.impressions import impression_rows
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_names


@dataclass(frozen=True)
class _Source:
    table: str
    path: Path
    columns: dict[str, str]
    "Our names of the columns that the file has, and the file's own; kept columns under the file's own names."
    left_out: list[str]
    "Columns of the file from which nothing is taken."
    quoting: str
    "How quotation marks of a CSV or TSV file are read, one of QUOTING."


def import_tables(
    newsroom: Newsroom,
    news: Path | None,
    clicks: Path | None,
    users: Path | None,
    columns: Mapping[str, str],
    keep: Sequence[str] | None = None,
    quoting: str = "auto",
    html: str = "",
    impressions: Path | None = None,
    split: str = "train",
) -> ImportReport:
    """Add files to a newsroom; the suffix says how to read each: .csv, .tsv, .json, .jsonl (also .gz) or .parquet.

    A path may be a folder of such files, or a pattern such as `export/*.parquet`. `quoting` says how the quotation
    marks of CSV and TSV are read: one of `importers.files.quotes.QUOTING`.

    `impressions` is a file of lists that were shown, or of shown articles (see `impression_rows`), for table
    impressions-`split`; its clicks do not enter table clicks.

    `columns` maps our column names to those of the files, such as {"news_id": "article_id"}, or to those of the file of
    one table, such as {"news.news_id": "id", "clicks.news_id": "article_id"}; a file without the mapped column may have
    ours. Times are read as by `TimeReader`, in the zone of the newsroom's settings where they name no zone; lists of
    ids are lists, or texts as `ids_of_cell` reads them. `keep` names further columns of the file of articles, which
    come through to pages; without `keep`, the columns that the newsroom keeps already. The report names all columns
    that were not taken. `html` is as for Import. All problems of the files and of the mapping come in one CorpusError
    before anything is imported; see Import for what else is raised.
    """
    if keep is None:
        keep = kept_already(newsroom, columns_found(news, quoting)) if news else []
    keep = given_names(keep, "keep")
    given = {"news": news, "users": users, "clicks": clicks, "impressions": impressions}
    newsroom.impressions(split)  # a bad name of a split is an error before any file is read
    sources = _sources({table: path for table, path in given.items() if path is not None}, columns, keep, quoting)
    with Import(newsroom, keep, html) as add:
        take: dict[str, Callable[[Iterator[dict[str, Any]]], None]]
        take = {"news": add.news, "users": add.users, "clicks": add.clicks}
        for source in sources:
            table = newsroom.impressions(split).stem if source.table == "impressions" else source.table
            add.report.leave_out(table, source.left_out)
            rows = _rows(source, table, add.report)
            if source.table == "impressions":
                add.impressions(split, impression_rows(rows, source.columns, partial(add.report.skip, table)))
            else:
                take[table](rows)
    return add.report


def news_rows(
    path: Path, columns: Mapping[str, str], keep: Sequence[str], report: ImportReport, quoting: str = "auto"
) -> Iterator[dict[str, Any]]:
    """Return the rows of one file of articles, named and read as by `import_tables`.

    Columns that are not taken, and as "news: reason" why a row cannot be read, are noted in the report. Raises
    CorpusError before the first row.
    """
    (source,) = _sources({"news": path}, columns, keep, quoting)
    report.leave_out("news", source.left_out)
    return _rows(source, "news", report)


def columns_found(path: Path, quoting: str = "auto") -> list[str]:
    """Return the columns of a file; empty for a file that cannot be read, which `news_rows` refuses with a reason."""
    return _columns_found(path, quoting, []) or []


def _rows(source: _Source, table: str, report: ImportReport) -> Iterator[dict[str, Any]]:
    """Yield the rows of a source; `table` is what the report calls them."""
    seen = 0

    def skip(reason: str) -> None:
        nonlocal seen
        seen += 1
        report.skipped[f"{table}: {reason}"] += 1

    theirs = list(dict.fromkeys(source.columns.values()))
    for row in named_rows(read_rows(source.path, theirs, skip, source.quoting), source.columns):
        seen += 1
        yield row
    if not seen:
        report.empty.append(source.path.name)


def _sources(given: dict[str, Path], columns: Mapping[str, str], keep: Sequence[str], quoting: str) -> list[_Source]:
    problems = [] if given else ["no file was named; expected articles (news), clicks, users or impressions"]
    found = {table: _columns_found(path, quoting, problems) for table, path in given.items()}
    pairs, names = match(found, given, columns, problems), found.get("news")
    if names is not None:
        problems += keep_problems(given["news"], names, keep)
        pairs["news"] |= {name: name for name in keep if name in names}
    elif keep and "news" not in given:
        problems.append(f"keep {','.join(keep)}: found no file of articles (news), whose columns are kept")
    if problems:
        raise CorpusError(f"{join_problems(problems)}\nNothing was imported.")
    return [
        _Source(table, given[table], pairs[table], left_out(found[table] or (), pairs[table]), quoting)
        for table in given
    ]


def _columns_found(path: Path, quoting: str, problems: list[str]) -> list[str] | None:
    try:
        return column_names(path, quoting)
    except CorpusError as error:
        problems.append(str(error))
    return None
