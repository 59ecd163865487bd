"""What the command line shows: pages and the demo."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.errors import InputError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.present import present_edition
from broadsheet.schemas import USERS
from broadsheet.tables import read_table, replacing
from broadsheet.version import __version__

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.page import Page
    from broadsheet.pipeline import Pipeline

PRINTED = ("maya-politics", "priya-science", "nora-culture")
"""Readers whose pages the demo prints: two with a history, and one who only said what she likes."""
REQUEST = "quiet long reads on space"
_STORIES = 10


def show(page: Page, *, as_json: bool, html: Path | None) -> None:
    """Print a page, as text or JSON, or write it as an HTML file and say where; with both options, do both.

    Raises InputError if the file cannot be written.
    """
    if html is not None:
        _write(html, page.to_html())
        sys.stderr.write(f"written to {html}\n")
    if as_json:
        sys.stdout.write(json.dumps(page.to_dict(), indent=2, ensure_ascii=False) + "\n")
    elif html is None:
        _print(page)


def show_answer(parts: Iterable[Answer | Page], *, as_json: bool, html: Path | None) -> None:
    """Print an answer as soon as it is there, then its page; as JSON or HTML the page alone, which has it too.

    Raises InputError if the file cannot be written.
    """
    from broadsheet.page import Page

    for part in parts:
        if not isinstance(part, Page):
            if not as_json and html is None:
                _print_answer(part)
        elif as_json or html is not None:
            show(part, as_json=as_json, html=html)
        else:
            _print(replace(part, answer=None))


def show_demo(newsroom_path: Path, pages_folder: Path, say: Callable[[str], None]) -> None:
    """Make the demo newsroom, print the pages of three readers and an answer, and write all pages as HTML.

    `say` gets a line for each step. What is there and up to date is used as it is. Raises AssetError if an asset cannot
    be fetched, NewsroomError if the folder holds another newsroom, InputError if a page cannot be written.
    """
    from broadsheet import assets
    from broadsheet.corpus.demo import import_demo, read_users
    from broadsheet.pipeline import Pipeline

    newsroom, readers = Newsroom(newsroom_path), [user["user_id"] for user in read_users()]
    _refuse_another(newsroom, readers)
    assets.get(report=say)
    if not newsroom.news.is_file():
        say(str(import_demo(newsroom, assets.find("demo_news"))))
    _build_if_needed(newsroom, readers, say)
    pipeline = Pipeline.open(newsroom_path)
    pages = _make_pages(pipeline, readers)
    for name in (*PRINTED, "answer"):
        _print(pages[name])
    for name, page in pages.items():
        _write(pages_folder / f"{name}.html", page.to_html())
    _write(pages_folder / "index.html", _index(pages))
    _say_what_next(newsroom_path, pages_folder, say)


def _print(page: Page) -> None:
    from rich.console import Console

    Console().print(page)


def _print_answer(answer: Answer) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from broadsheet.page_text import printable

    Console().print(Padding(Text(printable(answer.text)), (1, 0, 1, 1)))
    sys.stdout.flush()  # a pipe would hold it back until the stories are there


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as part:
            part.write_text(text, "utf-8")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be written ({error}). Name a file in a folder that this user may write."
        ) from error


def _refuse_another(newsroom: Newsroom, readers: Sequence[str]) -> None:
    """Keep the demo from building an edition in a newsroom that is not its own."""
    if not newsroom.news.is_file():
        return
    known = read_table(newsroom.users, USERS).column("user_id").to_pylist() if newsroom.users.is_file() else []
    if not set(readers) <= set(known):
        raise NewsroomError(
            f"{newsroom.path}: holds a newsroom without the demo's readers. Name another folder with --newsroom."
        )


def _build_if_needed(newsroom: Newsroom, readers: Sequence[str], say: Callable[[str], None]) -> None:
    from broadsheet.build import build

    edition = present_edition(newsroom)
    if edition is not None and _stands(newsroom, edition, readers):
        say(f"edition {edition.name} is up to date")
    else:
        build(newsroom, "all", say)


def _stands(newsroom: Newsroom, edition: Edition, readers: Sequence[str]) -> bool:
    """Whether a build now would make the same edition again."""
    from broadsheet.audience import read_clock
    from broadsheet.workbench import Workbench

    manifest, config = edition.read_manifest(), newsroom.config()
    built_for = read_table(edition.users, USERS).column("user_id").to_pylist()
    if (manifest["broadsheet"], manifest["config"]) != (__version__, asdict(config)) or not set(readers) <= set(
        built_for
    ):
        return False
    bench = Workbench(newsroom, edition, config, read_clock(config.clock, edition.news, edition.clicks))
    scorer = bench.cross_encoder.fingerprint if bench.cross_encoder else ""
    found = (manifest["models"]["news_tower"], manifest["models"]["cross_encoder"])
    return found == (bench.news_tower.fingerprint, scorer)


def _make_pages(pipeline: Pipeline, readers: Sequence[str]) -> dict[str, Page]:
    pages = dict(zip(readers, pipeline.run_many(readers, _STORIES), strict=True))
    return {**pages, "answer": pipeline.ask(REQUEST, _STORIES)}


def _say_what_next(newsroom_path: Path, pages_folder: Path, say: Callable[[str], None]) -> None:
    say(f"\nAll pages: {pages_folder / 'index.html'}")
    say("Try next:")
    say(f"  broadsheet run tom-sport --newsroom {newsroom_path}")
    say(f'  broadsheet ask "a good day for tennis" --newsroom {newsroom_path}')
    say("  broadsheet import tables --news YOUR.csv --into newsroom, then: broadsheet build newsroom")


_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Broadsheet · the demo's pages</title>
<style>{{ style }}</style>
</head>
<body>
<header class="masthead">
  <h1>Broadsheet</h1>
  <div class="line"><span>Six readers, made up, and one request</span><span class="reader">Choose a page</span></div>
  <div class="double"></div>
</header>
<main>
  <div class="grid columns">
    {% for name, page in pages.items() %}
    <article class="story">
      <h2><a href="{{ name }}.html">{{ page.reader }}</a></h2>
      {% for headline in page.stories.column("headline").to_pylist()[:3] %}
      <p class="summary" dir="auto">{{ headline }}</p>
      {% endfor %}
    </article>
    {% endfor %}
  </div>
</main>
</body>
</html>
"""


def _index(pages: Mapping[str, Page]) -> str:
    """Return a document that links the pages, in their style."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    source = files("broadsheet").joinpath("page.html").read_text("utf-8")
    style = Markup(source.partition("<style>")[2].partition("</style>")[0])
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_INDEX).render(pages=pages, style=style)
