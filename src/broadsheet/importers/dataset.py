"""Importing a data set of Hugging Face's `datasets`: from the hub, or from a local file or folder.

Rows are streamed: nothing is copied into a cache first. Only data sets of Parquet, CSV, JSON and Arrow files are read.
No code that comes with a data set is ever run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError, InputError, join_problems
from broadsheet.importers.columns import keep_problems, kept_already, left_out, match, named_rows
from broadsheet.importers.dataset_rows import NO_CODE, DataSplit, FileSplit, Split, are_plain, refuse
from broadsheet.importers.impressions import impression_rows
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_names

FORMATS = {"Parquet": "Parquet", "Csv": "CSV", "Json": "JSON", "Arrow": "Arrow"}
"""The classes of `datasets` that may read a data set, by name, and their formats."""
_OF_SUFFIX = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".arrow": "arrow",
}
_SAVED = ("dataset_dict.json", "state.json")
"""Files by which a folder that `save_to_disk` wrote is known."""
_TABLES = ("news", "clicks", "users", "impressions")


def import_dataset(
    newsroom: Newsroom,
    name: str,
    table: str,
    columns: Mapping[str, str],
    *,
    keep: Sequence[str] | None = None,
    split: str = "train",
    config: str | None = None,
    quoting: str = "auto",
    html: str = "",
    into_split: str = "",
) -> ImportReport:
    """Add the rows of a data set to table news, clicks, users or impressions of a newsroom.

    `name` is a local file or folder, if there is such a path, else a data set on the hub; `config` is one of its
    configurations. `columns` maps our column names to those of the data set, `keep` names further columns of articles
    that come through to pages; `html` is as for Import. Rows are checked and counted as by `import_tables`. Local files
    of CSV, TSV, JSON and Parquet are read as by it too, with its `quoting`. A label is taken by its name. Impressions
    become table impressions-`into_split`, or if that is empty the table of the split's own name. Raises InputError if
    `table` is no such table or the package `datasets` is missing; CorpusError, and nothing is imported, if the data set
    cannot be found or read, brings code of its own, is of another format, or lacks the split or a column;
    NewsroomError if the name of the impressions' split cannot be that of a file.
    """
    if table not in _TABLES:
        raise InputError(f"table: found {table!r}, expected {', '.join(_TABLES)}.")
    if into_split and table != "impressions":
        raise InputError(
            f"into_split: found {into_split!r}, but only impressions have splits, and the table is {table}."
        )
    into = into_split or split
    target = newsroom.impressions(into).stem if table == "impressions" else table
    data = _open(name, config, split, quoting)
    found = data.names
    if keep is None:
        keep = kept_already(newsroom, found) if table == "news" else []
    keep = given_names(keep, "keep")
    problems: list[str] = []
    pairs = match({table: found}, {table: name}, columns, problems)[table]
    if keep and table != "news":
        problems.append(f"keep {','.join(keep)}: only columns of articles are kept, and the table is {table}")
    elif keep:
        problems += keep_problems(name, found, keep)
        pairs |= {column: column for column in keep if column in found}
    if problems:
        raise CorpusError(f"{join_problems(problems)}\nNothing was imported.")
    with Import(newsroom, keep, html) as add:
        add.report.leave_out(target, left_out(found, pairs))
        take: dict[str, Callable[[Iterator[dict[str, Any]]], None]]
        take = {"news": add.news, "clicks": add.clicks, "users": add.users}
        rows = data.rows(list(dict.fromkeys(pairs.values())), lambda reason: add.skip(f"{target}: {reason}"))
        named = named_rows(rows, pairs)
        if table == "impressions":
            add.impressions(into, impression_rows(named, pairs, partial(add.report.skip, target)))
        else:
            take[table](named)
    return add.report


def _open(name: str, config: str | None, split: str, quoting: str) -> Split:
    """Return a split; raises CorpusError if there is none of this name, or what cannot be read."""
    try:
        import datasets
    except ImportError as error:
        install = "Install it: pip install 'broadsheet[datasets]'."
        raise InputError(f"import dataset: the package datasets is missing. {install}") from error
    path = Path(name)
    try:
        if path.exists():
            _refuse_code(path)
        if any((path / file).is_file() for file in _SAVED):
            _refuse_paths_in_saved(path)
            saved = datasets.load_from_disk(name)
            splits = saved if isinstance(saved, datasets.DatasetDict) else {str(saved.split or "train"): saved}
        elif path.is_file() and _suffix(path) not in (None, ".arrow") and are_plain([path]):
            splits = {"train": [path]}
        else:
            builder = _builder(datasets, path, name, config)
            splits = _plain_splits(path, builder) or builder.as_streaming_dataset()
    except CorpusError:
        raise
    except Exception as error:  # whatever datasets, its readers and the network raise: none of it is ours
        refuse(name, error)
    if split not in splits:
        raise CorpusError(
            f"split: found {split!r}, expected one of: {', '.join(splits)}. These are the splits of {name}."
        )
    found = splits[split]
    return FileSplit(found, quoting) if isinstance(found, list) else DataSplit(name, found)


def _suffix(path: Path) -> str | None:
    """Return the suffix of a file in small letters, without .gz; None if no format has it."""
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in _OF_SUFFIX else None


def _plain_splits(path: Path, builder: Any) -> dict[str, list[Path]]:  # noqa: ANN401
    """Return the files of each split of a local folder that needs no `datasets` to be read; empty if it does.

    A README.md may declare columns, labels and separators, which `datasets` alone understands.
    """
    if not path.is_dir() or builder.info.features is not None or (path / "README.md").exists():
        return {}
    splits = {str(split): [Path(file) for file in files] for split, files in (builder.config.data_files or {}).items()}
    return splits if all(map(are_plain, splits.values())) else {}


def _refuse_code(path: Path) -> None:
    """Raise CorpusError for a data set that is, or brings, a Python file."""
    scripts = [path] if path.suffix == ".py" else sorted(path.glob("*.py"))
    if scripts:
        raise CorpusError(f"{path}: found {scripts[0].name}, a loading script. {NO_CODE}")


def _refuse_paths_in_saved(path: Path) -> None:
    """Raise CorpusError if a folder of save_to_disk names a split or a file by more than its plain name.

    Nothing but the folder's own JSON files is opened before all names are found to be plain.
    """
    folders = [path]
    if (path / "dataset_dict.json").is_file():
        splits = json.loads((path / "dataset_dict.json").read_text("utf-8"))["splits"]
        _refuse_paths(path / "dataset_dict.json", splits)
        folders = [path / split for split in splits]
    for state in (folder / "state.json" for folder in folders):
        _refuse_paths(state, [file["filename"] for file in json.loads(state.read_text("utf-8"))["_data_files"]])


def _refuse_paths(file: Path, names: Iterable[str]) -> None:
    for name in names:
        if name in ("", ".", "..") or set(name) & set("/\\:"):
            raise CorpusError(
                f"{file}: found the name {name!r}, expected the name of a file or folder beside it, without a path. "
                "Nothing was imported."
            )


def _builder(datasets: Any, path: Path, name: str, config: str | None) -> Any:  # noqa: ANN401
    """Return the reader of a data set; raises CorpusError unless it reads one of FORMATS."""
    if path.is_file():
        suffix = _suffix(path)
        if suffix is None:
            found = Path(path.name.removesuffix(".gz")).suffix
            raise CorpusError(f"{name}: the suffix is {found!r}, expected one of {', '.join(_OF_SUFFIX)}.")
        where: dict[str, Any] = {"path": _OF_SUFFIX[suffix], "data_files": str(path)}
        where |= {"sep": "\t"} if suffix == ".tsv" else {}
    else:
        where = {"path": str(path.resolve()) if path.is_dir() else name, "name": config}
    builder = datasets.load_dataset_builder(**where)
    classes = [base.__name__ for base in type(builder).__mro__]  # a folder has a class of its own, such as CsvFolder
    if FORMATS.keys().isdisjoint(classes):
        raise CorpusError(f"{name}: found files for {classes[0]}, expected {', '.join(FORMATS.values())}.")
    if not path.is_file():
        _refuse_files_elsewhere(name, path, [f for files in (builder.config.data_files or {}).values() for f in files])
    if "Csv" in classes and builder.info.features is None:
        # Read as texts, as `import tables` does: an id such as 007 would else become the number 7, and NA no id at all.
        names = DataSplit(name, next(iter(builder.as_streaming_dataset().values()))).names
        features = datasets.Features({column: datasets.Value("string") for column in names})
        builder = datasets.load_dataset_builder(**where, features=features, keep_default_na=False)
    return builder


def _refuse_files_elsewhere(name: str, path: Path, files: Iterable[str]) -> None:
    """Raise CorpusError if a data set names files that are not its own.

    The README.md of a data set names its files. It could name any file of this machine, such as
    /home/me/letters.csv, which would then be on readers' pages.
    """
    for file in map(str, files):
        if path.is_dir():
            # The folder is resolved, since it may be a link or ../data; its files are not: in the hub's cache they are
            # links to a folder beside it.
            whole = os.path.abspath(file)  # noqa: PTH100
            is_own = "://" not in file and any(
                Path(whole).is_relative_to(folder)
                for folder in (path.resolve(), os.path.abspath(path))  # noqa: PTH100
            )
        else:
            is_own = file.startswith("hf://")
        if not is_own:
            raise CorpusError(f"{name}: it names the file {file}, which is not its own. Nothing was imported.")
