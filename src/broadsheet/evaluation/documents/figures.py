"""Marked figures in the text of a document, each written as the results give it.

A figure stands between two comments, which Markdown does not show:

    a night costs <!-- figure: nightly/rows/1 % changed/share_of_first .1% -->7.9%<!-- end --> of the first build

The first comment has the path of the value (`Results.find`) and how it is written: a format of Python, or `interval`,
`+interval`, `date` or `commit`. A whole table or a paragraph stands between `<!-- table: NAME -->` and the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.documents.results import Results
from broadsheet.evaluation.report.lines import cell

_FIGURE = re.compile(r"(<!-- figure: (?P<path>[^>]+?) (?P<form>\S+) -->)(?P<shown>[^<]*)(<!-- end -->)")
_TABLE = re.compile(r"(<!-- table: (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_BEGINS_A_LINE = re.compile(r"^[ >*+\-\d.]*<!-- figure:.*", re.MULTILINE)

Tables = Mapping[str, Callable[[Results], str]]
"""What writes each table, by its name."""


def written(text: str, results: Results, tables: Tables) -> str:
    """Return the text of a document with every marked figure and table as the results give it now.

    Raises InputError if a path or a table is not known, if a format does not fit, or if a figure begins a line, where
    Markdown would take the whole line for HTML.
    """
    if found := _BEGINS_A_LINE.search(text):
        raise InputError(f"'{found[0][:80]}': a figure begins the line. Let a word stand before it.")

    def figure(match: re.Match[str]) -> str:
        return f"{match[1]}{_shown(results.find(match['path']), match['form'], match['path'])}{match[5]}"

    def table(match: re.Match[str]) -> str:
        if match["name"] not in tables:
            raise InputError(f"table '{match['name']}': not known, expected one of {', '.join(tables)}.")
        return f"{match[1]}{tables[match['name']](results)}{match[3]}"

    return _TABLE.sub(table, _FIGURE.sub(figure, text))


def _shown(value: Any, form: str, path: str) -> str:  # noqa: ANN401
    """Return a value as a document shows it."""
    ways: dict[str, Callable[[Any], str]] = {
        "interval": cell,
        "+interval": lambda one: cell(one, "+"),
        "date": lambda one: str(one)[:10],
        "commit": lambda one: str(one)[:7],
    }
    try:
        return ways[form](value) if form in ways else format(value, form)
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(f"figure {path}: {value!r:.80} cannot be written as '{form}' ({error}).") from error


def without_figures(text: str) -> str:
    """Return the text of a document without what is marked: the rest is written by hand."""
    return _TABLE.sub("", _FIGURE.sub("", text))
