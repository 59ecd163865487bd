"""What all pages of an edition share: its look and words, its sections and its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

import anyio.to_thread
import numpy as np
from markupsafe import Markup

from broadsheet.live.live_workbench import request_time
from broadsheet.pages import article_lists
from broadsheet.pages.look import Look, read_look
from broadsheet.service.serving.served import Open
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.making.static_content import SITE_STYLE, address_of, content, site_style
from broadsheet.service.web.making.words import words_of
from broadsheet.text import html_value

if TYPE_CHECKING:
    from broadsheet.workbench.workbench import Workbench

MOST_SECTIONS = 10
"""Sections that the head of a page links to, the largest ones."""
MOST_NAMES = 200
"""Names of sections and sources that a form suggests."""


class Section(NamedTuple):
    """A section of the paper."""

    name: str
    address: str


@dataclass(frozen=True, eq=False)
class Paper:
    """What all pages of an edition share."""

    look: Look
    words: Mapping[str, str]
    all_sections: Mapping[str, int]
    "The number of articles of each section, the largest section first."
    sources: list[str]
    "The sources, the source of the most articles first."
    articles: int
    "How many articles may be shown."
    style: Stored | None
    "The site's own style, which comes after ours; None if it has none."

    @property
    def sections(self) -> list[Section]:
        """The largest sections."""
        return [Section(name, section_address(name)) for name in [*self.all_sections][:MOST_SECTIONS]]

    @property
    def names(self) -> list[str]:
        """Names that a reader can follow or mute."""
        return [*self.all_sections, *self.sources][:MOST_NAMES]

    @property
    def heading(self) -> Markup:
        """The paper's name, or its logo."""
        name = html_value(self.look.name)
        image = Markup('<img src="{}" alt="{}">').format(self.look.logo, name)
        return image if self.look.logo else Markup("{}").format(name)

    def address(self, name: str) -> str:
        """Return the address of a static file."""
        return address_of(name, self.static(name))

    def static(self, name: str) -> Stored:
        """Return a static file as it is sent; the site's own style only if there is one."""
        return self.style if name == SITE_STYLE and self.style else content(name)


_papers: WeakKeyDictionary[Open, tuple[int, Paper]] = WeakKeyDictionary()


def paper_of(opened: Open) -> Paper:
    """Return what the pages of an edition share, with the articles that were added until now."""
    version = opened.version()
    made, paper = _papers.get(opened, (-1, None))
    if paper is None or made != version:
        paper = _paper(opened.pipeline.bench)
        _papers[opened] = version, paper
    return paper


async def given_paper(opened: Open) -> Paper:
    """Return `paper_of` an edition to a route in the event loop: what has to be read is read in a thread."""
    made, paper = _papers.get(opened, (-1, None))
    if paper is not None and made == opened.version_at_hand():
        return paper
    return await anyio.to_thread.run_sync(paper_of, opened)


def section_address(name: str) -> str:
    """Return the address of a section's page; empty for no section."""
    return f"/section/{quote(name, safe='')}" if name else ""


def _paper(bench: Workbench) -> Paper:
    newsroom, config, as_of = bench.data.newsroom, bench.models.config, request_time(bench)
    look, shown = read_look(newsroom.path, config.page), article_lists.visible(bench, as_of)
    names = np.array(bench.data.catalogue.news.column("source").to_pylist(), dtype=object)[shown]
    sources = [name for name, _ in Counter(names.tolist()).most_common() if name]
    return Paper(
        look, words_of(look), dict(article_lists.sections(bench, as_of)), sources, int(shown.sum()), site_style(look)
    )
