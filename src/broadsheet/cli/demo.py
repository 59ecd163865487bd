"""The command `demo`: a newsroom of real articles, built if it is missing or out of date, and pages of six readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.cli.printing import print_page, write_page
from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.up_to_date import present_edition
from broadsheet.progress import Say
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from broadsheet.text import html_value
from broadsheet.version import __version__

if TYPE_CHECKING:
    from broadsheet.pages.page import Page
    from broadsheet.pipeline import Pipeline

PRINTED = ("maya-politics", "priya-science", "nora-culture")
"""Readers whose pages the demo prints: two with a history, and one who only said what she likes."""
REQUEST = "quiet long reads on space"
_STORIES = 10


def show_demo(newsroom_path: Path, pages_folder: Path, say: Say) -> None:
    """Make the demo newsroom, print the pages of three readers and an answer, and write all pages as HTML.

    `say` gets a line for each step. A newsroom that is up to date is not built again. Raises AssetError if an asset
    cannot be fetched, NewsroomError if the folder holds another newsroom, InputError if a page cannot be written.
    """
    from broadsheet.importers.demo import import_demo, read_users
    from broadsheet.models import assets
    from broadsheet.pipeline import Pipeline

    newsroom, readers = Newsroom(newsroom_path), [user["user_id"] for user in read_users()]
    _refuse_another(newsroom, readers)
    assets.get(say=say)
    if not newsroom.news.is_file():
        say(str(import_demo(newsroom, assets.find("demo_news"))))
    _build_if_needed(newsroom, readers, say)
    pipeline = Pipeline.open(newsroom_path)
    pages = _make_pages(pipeline, readers)
    for name in (*PRINTED, "answer"):
        print_page(pages[name])
    for name, page in pages.items():
        write_page(pages_folder / f"{name}.html", page.to_html())
    write_page(pages_folder / "index.html", _index(pages))
    _say_what_next(newsroom_path, pages_folder, say)


def _refuse_another(newsroom: Newsroom, readers: Sequence[str]) -> None:
    """Raise NewsroomError if the newsroom lacks the demo's readers: the demo must not build in a site's newsroom."""
    if not newsroom.news.is_file():
        return
    known = read_table(newsroom.users, USERS).column("user_id").to_pylist() if newsroom.users.is_file() else []
    if not set(readers) <= set(known):
        raise NewsroomError(
            f"{newsroom.path}: found a newsroom without the demo's readers, expected the demo's newsroom or no folder. "
            "Name another folder with --newsroom."
        )


def _build_if_needed(newsroom: Newsroom, readers: Sequence[str], say: Say) -> None:
    from broadsheet.nightly.build import build

    edition = present_edition(newsroom)
    if edition is not None and _stands(newsroom, edition, readers):
        say(f"edition {edition.name} is up to date")
    else:
        build(newsroom, "all", say)


def _stands(newsroom: Newsroom, edition: Edition, readers: Sequence[str]) -> bool:
    """Return whether a build now would make the same edition again: same version, settings, readers and models."""
    from broadsheet.workbench.models import EditionModels

    manifest, config = edition.read_manifest(), newsroom.config()
    built_for = read_table(edition.users, USERS).column("user_id").to_pylist()
    if (manifest["broadsheet"], manifest["config"]) != (__version__, asdict(config)) or not set(readers) <= set(
        built_for
    ):
        return False
    models = EditionModels(newsroom, config)
    scorer = models.scorer.fingerprint if models.scorer else ""
    found = (manifest["models"]["news_tower"], manifest["models"]["cross_encoder"])
    return found == (models.news_tower.fingerprint, scorer)


def _make_pages(pipeline: Pipeline, readers: Sequence[str]) -> dict[str, Page]:
    pages = dict(zip(readers, pipeline.run_many(readers, _STORIES), strict=True))
    return {**pages, "answer": pipeline.ask(REQUEST, _STORIES)}


def _say_what_next(newsroom_path: Path, pages_folder: Path, say: Say) -> None:
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
    """Return an HTML document with links to the pages, in the style of the pages."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    source = files("broadsheet.pages").joinpath("page.html").read_text("utf-8")
    style = Markup(source.partition("<style>")[2].partition("</style>")[0])
    environment = Environment(
        autoescape=True, finalize=html_value, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_INDEX).render(pages=pages, style=style)
