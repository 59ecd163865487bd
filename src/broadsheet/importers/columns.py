"""Columns of a publisher's tables: what ours are called there, and rows with our names."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from broadsheet.importers.files.id_lists import ids_of_cell
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.kept import kept_names
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS, USERS

TABLES = {
    "news": [name for name in NEWS.names if name not in ("content_hash", "kept")],
    "clicks": CLICKS.names,
    "users": [name for name in USERS.names if name not in ("reads", "acts")],
    "impressions": [*(name for name in IMPRESSIONS.names if name != "in_sight"), "clicked_ids", "news_id"],
}
"""The tables that a publisher can give, and the columns that each may have."""
_REQUIRED = {"news": ["news_id", "title"], "users": ["user_id"], "clicks": ["user_id", "news_id", "time"]}
_LISTS = ("history", "hidden", "shown", "clicked", "clicked_ids", "propensity")
_REQUIRED["impressions"] = ["user_id", "time"]


def kept_already(newsroom: Newsroom, found: Sequence[str] | None = None) -> list[str]:
    """Return the columns that the newsroom keeps of its articles; if `found` is given, only the kept columns in it."""
    there = kept_names(read_table(newsroom.news, NEWS)) if newsroom.news.is_file() else []
    return there if found is None else [name for name in found if name in there]


def keep_problems(source: object, found: Sequence[str], keep: Sequence[str]) -> list[str]:
    """Return what is wrong with the columns of articles that are to be kept, of those `found` in their source."""
    ours = [name for name in keep if name in TABLES["news"]]
    problems = [f"keep {name}: it is a column of table news and is taken anyway" for name in ours]
    missing = [name for name in keep if name not in found and name not in ours]
    return problems + [f"keep {name}: {source} has no column {name!r}" for name in missing]


def left_out(found: Sequence[str], pairs: Mapping[str, str]) -> list[str]:
    """Return the columns `found` in a source that nothing is taken from, in the order of the source."""
    return [name for name in found if name not in pairs.values()]


def match(
    found: Mapping[str, Sequence[str] | None],
    sources: Mapping[str, object],
    columns: Mapping[str, str],
    problems: list[str],
) -> dict[str, dict[str, str]]:
    """Pair our names of the columns of each table with those `found` in its source: the mapped name, else our own.

    A source that cannot be read has None in `found`; it is in no pair, and nothing is said of its columns.

    `columns` maps our names to the sources' own, for all tables ("news_id") or for one ("news.news_id", which counts
    before the former). An entry the other way round ("news.id": "news_id") is understood where only its second name is
    a column of ours. Adds to `problems` what is wrong with `columns`, and what is missing. Example: with the columns
    article_id and title found in news, and {"news_id": "article_id"}, it returns
    {"news": {"news_id": "article_id", "title": "title"}}.
    """
    mapped: dict[str, dict[str, str]] = {table: {} for table in found}
    for key, theirs in sorted(columns.items(), key=lambda pair: "." in pair[0]):  # a table's own entry counts last
        ours, given, its_theirs = _entry(key, theirs, found, problems)
        having = [table for table in given if (names := found[table]) is None or its_theirs in names]
        if given and not having:
            files = [str(sources[table]) for table in given]
            problems.append(
                f"column {key}={theirs}: {' and '.join(files)} {'has' if len(files) == 1 else 'have'} no column "
                f"{its_theirs!r}"
            )
        for table in having:
            mapped[table][ours] = its_theirs
    return {
        table: _pairs(table, sources[table], names, mapped[table], problems)
        for table, names in found.items()
        if names is not None
    }


def _entry(key: str, theirs: str, found: Container[str], problems: list[str]) -> tuple[str, list[str], str]:
    """Return our name of an entry of the mapping, the tables found that it is for, and the source's own name."""
    prefix, _, rest = key.partition(".")
    tables, name = ([prefix], rest) if rest and prefix in TABLES else (list(TABLES), key)
    ours = {column for table in tables for column in TABLES[table]}
    if name not in ours and theirs in ours:
        name, theirs = theirs, name
    of_name = [table for table in tables if name in TABLES[table]]
    given = [table for table in of_name if table in found]
    if not of_name:
        problems.append(f"column {key}={theirs}: no column {name!r} is known here; known: {', '.join(sorted(ours))}")
    elif not given:
        problems.append(f"column {key}={theirs}: no file of {' or '.join(of_name)} was named")
    return name, given, theirs


def _pairs(
    table: str, source: object, found: Sequence[str], mapped: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    pairs = {name: name for name in TABLES[table] if name in found} | dict(mapped)
    missing = [name for name in _REQUIRED[table] if name not in pairs]
    if table == "impressions":
        if "shown" in pairs:  # a row is a list; else each row is one shown article
            pairs.pop("news_id", None)
        elif "news_id" not in pairs:
            missing.append("shown")
    if missing:
        problems.append(
            f"{source}: found the columns {', '.join(found) or '(none)'}; expected also {', '.join(missing)}. "
            f"Name the file's own: {' and '.join(f'column {name}=THEIRS' for name in missing)}"
        )
    return {name: pairs[name] for name in TABLES[table] if name in pairs}


def named_rows(rows: Iterable[Mapping[str, Any]], pairs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield rows with our names of their columns; lists of ids that are texts are taken apart by `ids_of_cell`."""
    for found in rows:
        row = {ours: found.get(theirs) for ours, theirs in pairs.items()}
        for name in _LISTS:
            ids = row.get(name)
            if isinstance(ids, str):
                row[name] = ids_of_cell(ids)
        yield row
