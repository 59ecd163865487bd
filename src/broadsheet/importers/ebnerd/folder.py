"""The files of a folder of EB-NeRD: where they are, which columns they have, and what is wrong with them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from broadsheet.errors import CorpusError, join_problems
from broadsheet.importers.files.file_rows import column_names

KEPT_COLUMNS = (
    *("image_ids", "sentiment_score", "sentiment_label", "ner_clusters", "entity_groups", "topics"),
    *("article_type", "premium"),
)
"""Columns of articles that are no columns of table news and are kept beside them."""
_ARTICLES = (("article_id", "title", "subtitle"), ("category", "subcategory"))
_MORE_ARTICLES = ("category_str", "body", "url", "published_time")
_LISTS = ("impression_id", "user_id", "impression_time", "article_ids_inview")
_MORE_LISTS = (
    *("article_ids_clicked", "session_id", "device_type", "is_subscriber"),
    *("next_read_time", "next_scroll_percentage"),
)
_READS = ("user_id", "article_id_fixed", "impression_time_fixed")
_MORE_READS = ("read_time_fixed", "scroll_percentage_fixed")
_HINT = (
    "Expected a folder of EB-NeRD with articles.parquet and for each split a folder with behaviors.parquet and "
    "history.parquet; nothing was imported."
)


@dataclass(frozen=True)
class EbnerdFiles:
    """The files that one split is imported from, and the columns of each that are read."""

    articles: Path
    behaviors: Path
    history: Path
    article_columns: list[str]
    list_columns: list[str]
    read_columns: list[str]
    kept: list[str]
    "Columns of articles that are kept."
    has_times: bool
    "Whether the articles have a column of publication times."
    left_out: dict[str, list[str]]
    "By the name of each file the columns from which nothing is taken."
    appearances: list[tuple[Path, str, str]]
    "Files of all splits that name articles, each with its columns of ids and of times; empty if `has_times`."


def find_files(directory: Path, split: str) -> EbnerdFiles:
    """Return the files of a split in a folder of EB-NeRD.

    Raises CorpusError naming every file that is missing, empty or damaged and every column that is missing or of
    another type, also in other splits of the folder if their lists and histories are read.
    """
    problems: list[str] = []
    articles = directory / "articles.parquet"
    known_articles = (*_ARTICLES[0], *_ARTICLES[1], *_MORE_ARTICLES, *KEPT_COLUMNS)
    there = _columns(articles, _ARTICLES[0], known_articles, problems)
    has_times = "published_time" in there
    splits = {split}
    if not has_times and directory.is_dir():
        splits |= {folder.parent.name for folder in directory.glob("*/behaviors.parquet")}
    lists, reads = {}, {}
    for name in sorted(splits):
        folder = directory / name
        lists[name] = _columns(folder / "behaviors.parquet", _LISTS, (*_LISTS, *_MORE_LISTS), problems)
        reads[name] = _columns(folder / "history.parquet", _READS, (*_READS, *_MORE_READS), problems)
    if problems:
        raise CorpusError(f"{join_problems(problems)}\n{_HINT}")
    left_out = {
        path.name: [name for name in column_names(path) if name not in taken]
        for path, taken in (
            (articles, there),
            (directory / split / "behaviors.parquet", lists[split]),
            (directory / split / "history.parquet", reads[split]),
        )
    }
    appearances = [] if has_times else [
        named
        for name in sorted(splits)
        for named in (
            (directory / name / "behaviors.parquet", "article_ids_inview", "impression_time"),
            (directory / name / "history.parquet", "article_id_fixed", "impression_time_fixed"),
        )
    ]  # fmt: skip
    return EbnerdFiles(
        articles,
        directory / split / "behaviors.parquet",
        directory / split / "history.parquet",
        there,
        lists[split],
        reads[split],
        [name for name in KEPT_COLUMNS if name in there],
        has_times,
        left_out,
        appearances,
    )


def _columns(path: Path, required: tuple[str, ...], known: tuple[str, ...], problems: list[str]) -> list[str]:
    """Return the known columns that a file has; what is wrong with the file is added to `problems`.

    A column that is not required and has no value in any row, so that its type is null, counts as not there.
    """
    try:
        found = column_names(path)
        schema = parquet.read_schema(path)
    except CorpusError as error:
        problems.append(str(error))
        return []
    if missing := [name for name in required if name not in found]:
        problems.append(f"{path}: found the columns {', '.join(found)}; expected also {', '.join(missing)}")
    empty = {field.name for field in schema if pa.types.is_null(field.type)} - {*required}
    for field in schema:
        if field.name in known and field.name not in empty and (expected := _expected(field)):
            problems.append(f"{path}: column {field.name!r} is {field.type}, expected {expected}")
    return [name for name in found if name in known and name not in empty]


def _expected(field: pa.Field) -> str:
    """Return of which type a column should be; empty if its type is right."""
    is_right, expected = _KINDS.get(field.name, (_is_single, "a single value"))
    return "" if is_right(field.type) else expected


def _list_of(is_right: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    def check(kind: pa.DataType) -> bool:
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        return is_list and (is_right(kind.value_type) or pa.types.is_null(kind.value_type))

    return check


def _is_single(kind: pa.DataType) -> bool:
    return not pa.types.is_nested(kind)


def _is_id(kind: pa.DataType) -> bool:
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return is_text or _is_number(kind)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


_KINDS: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    **dict.fromkeys(("article_id", "impression_id", "user_id"), (_is_id, "ids")),
    **dict.fromkeys(
        ("article_ids_inview", "article_ids_clicked", "article_id_fixed"), (_list_of(_is_id), "a list of ids")
    ),
    **dict.fromkeys(("read_time_fixed", "scroll_percentage_fixed"), (_list_of(_is_number), "a list of numbers")),
    "impression_time_fixed": (_list_of(pa.types.is_timestamp), "a list of times"),
    **dict.fromkeys(("impression_time", "published_time"), (pa.types.is_timestamp, "a time")),
    **dict.fromkeys(("next_read_time", "next_scroll_percentage", "device_type"), (_is_number, "a number")),
    "subcategory": (lambda kind: _is_single(kind) or _list_of(_is_single)(kind), "a list of ids, or a text"),
    **dict.fromkeys(KEPT_COLUMNS, (lambda kind: True, "")),
}
"""For columns that hold more than a single value of any type: whether a type is right, and what is expected."""
