"""Printing pages and answers on the terminal, as JSON, or into an HTML file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.cli.options import say
from broadsheet.errors import DiskError, InputError
from broadsheet.tables.named_files import write_named
from broadsheet.text import escaped_controls

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.pages.page import Page


def show(page: Page, *, as_json: bool, html: Path | None) -> None:
    """Print a page as text or as JSON, or write it into the HTML file `html`; with both options, do both.

    Raises InputError if the file cannot be written.
    """
    if html is not None:
        write_page(html, page.to_html())
        say(f"written to {html}")
    if as_json:
        print_json(page.to_dict())
    elif html is None:
        print_page(page)


def show_answer(parts: Iterable[Answer | Page], *, as_json: bool, html: Path | None) -> None:
    """Print an answer as soon as it comes, then its page. As JSON or HTML only the page, which holds the answer too.

    Raises InputError if the file cannot be written.
    """
    from broadsheet.pages.page import Page

    for part in parts:
        if not isinstance(part, Page):
            if not as_json and html is None:
                _print_answer(part)
        elif as_json or html is not None:
            show(part, as_json=as_json, html=html)
        else:
            print_page(replace(part, answer=None))


def print_json(document: Mapping[str, Any]) -> None:
    """Print JSON; what a terminal would obey, or the output's encoding lacks, is written as an escape."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    sys.stdout.write(escaped_controls(json.dumps(document, indent=2, ensure_ascii=not is_unicode)) + "\n")


def print_page(page: Page) -> None:
    """Print a page on the terminal."""
    from rich.console import Console

    Console().print(page)


def _print_answer(answer: Answer) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from broadsheet.text import one_line

    Console().print(Padding(Text(one_line(answer.text)), (1, 0, 1, 1)))
    sys.stdout.flush()  # else a pipe would hold the answer back until the stories come


def write_page(path: Path, text: str) -> None:
    """Write the HTML of a page where the user named `path`; raises InputError if the file cannot be written."""
    try:
        write_named(path, text)
    except DiskError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be written ({error}). Name a file in a folder that this user may write."
        ) from error
