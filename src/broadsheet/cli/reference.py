"""The pages of docs/reference that come from the code: settings, command line and tables, as Markdown."""

import ast
import inspect
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa

from broadsheet.config.section import expectation
from broadsheet.config.settings import Config
from broadsheet.markdown import table
from broadsheet.tables import event_schemas, live_schemas, schemas

BY = "*Written by `python scripts/write_reference.py` from {}.*"

SETTINGS = f"""# Settings

{BY.format("the classes of `src/broadsheet/config`")}

A newsroom's settings are in its file `broadsheet.toml`. Each setting has a default that works; the file names only
what it changes. An unknown name or a value out of bounds is an error that lists everything that is wrong.
"""

COMMANDS = BY.format("the help of the command line itself: `broadsheet COMMAND --help`")

TABLES = f"""# Tables

{BY.format("`src/broadsheet/tables/schemas.py`")}

The stages hand each other these tables, as uncompressed Arrow IPC files, which `pyarrow` and
`datasets.load_dataset("arrow", data_files=...)` open; `datasets` opens a file without rows with `streaming=True` only.
A file's schema holds the table's name, its version (an integer), a note for each field, and stamps of who made it
(`model`: a fingerprint). A reader accepts exactly one version. `dim` is the size of the encoder's vectors.
Rank 1 is best; a higher score is better; times are UTC; vectors have unit length and are compared by inner product.
"""


def settings() -> str:
    """Return the page of settings: a table for each section of broadsheet.toml."""
    return "\n".join([SETTINGS, *_sections(Config(), "")])


def _sections(section: Any, name: str) -> list[str]:  # noqa: ANN401
    words = _field_docstrings(type(section))
    values = {field.name: getattr(section, field.name) for field in fields(section)}
    rows = [
        [
            f"`{setting}`",
            f"`{json.dumps(value)}`",
            _accepted(type(section), name, setting),
            words.get(setting, ""),
        ]
        for setting, value in values.items()
        if not is_dataclass(value)
    ]
    head = [f"## {f'`[{name}]`' if name else 'At the top of the file'}", "", inspect.getdoc(type(section)) or "", ""]
    own = [*table(["setting", "default", "accepted", "what it is"], rows), ""] if rows else []
    inner = [
        line
        for key, value in values.items()
        if is_dataclass(value)
        for line in _sections(value, f"{name}.{key}".lstrip("."))
    ]
    return [*head, *own, *inner]


def _accepted(section: type, name: str, setting: str) -> str:
    """Return the values that a setting of the section `name` may have: each of its values, if their names are free."""
    words = expectation(section, (setting,))
    if not words.startswith("a section"):
        return words
    return f"for each name {expectation(section, (setting, 'NAME'))}".replace("a section [", f"a section [{name}.")


def _field_docstrings(section: type) -> dict[str, str]:
    """Return the docstring under each field of a class."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, words in pairwise(definition.body):
        match field, words:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text).replace("\n", " ").replace("|", "\\|")
    return found


def command_line() -> str:
    """Return the page of the command line, as typer writes it."""
    write = [sys.executable, "-m", "typer", "broadsheet.cli.app", "utils", "docs", "--name", "broadsheet"]
    page = subprocess.run(write, capture_output=True, text=True, check=True).stdout.replace("&#x27;", "'")
    said = dict(re.findall(r"^##+ `broadsheet (.+)`\n\n(.+)$", page, re.M))
    lines, group = [], ""
    for line in page.splitlines()[1:]:
        if heading := re.match(r"##+ `broadsheet (.+)`", line):
            group = f"{heading[1]} "
        if listed := re.match(r"\* `([a-z][a-z-]*)`: ", line):  # typer cuts the sentence; here it is whole, with a link
            name = f"{group}{listed[1]}"
            line = f"* [`{name}`](#broadsheet-{name.replace(' ', '-')}): {said[name]}"
        lines.append(line)
    return "\n".join(["# Command line", "", COMMANDS, *lines, ""])


def tables() -> str:
    """Return the page of tables: the columns of each."""
    of_vectors = (schemas.news_vectors, schemas.user_vectors, live_schemas.late_news)
    modules = {**vars(schemas), **vars(live_schemas), **vars(event_schemas)}
    found = [schema for schema in modules.values() if isinstance(schema, pa.Schema)]
    page = "\n".join([TABLES, *map(_table, [*found, *(schema(384) for schema in of_vectors)])])
    return page.replace("[384]", "[dim]")  # any size would do: it is that of a newsroom's encoder


def _table(schema: pa.Schema) -> str:
    name, version = schema.metadata[b"table"].decode(), schema.metadata[b"version"].decode()
    rows = (
        [field.name, f"{field.type}{' or null' if field.nullable else ''}", field.metadata[b"doc"].decode()]
        for field in schema
    )
    return "\n".join([f"## {name}, version {version}", "", *table(["column", "type", "what it is"], rows), ""])


PAGES: dict[str, Callable[[], str]] = {"settings.md": settings, "command-line.md": command_line, "tables.md": tables}
