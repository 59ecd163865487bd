"""For whom the desk shows the front page: a new reader, a reader of a category, or a named test reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.newsroom.given import given_id
from broadsheet.pages.page import Page
from broadsheet.pipeline.sessions import session_reader
from broadsheet.readers.state import ReaderState
from broadsheet.text import shortened
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

K = 20
"""Stories that the desk shows."""
KINDS = ("new", "category", "reader")
_READ, _NEWER = 5, 20
"""How many articles the reader of a category has read, and how many newer articles of it the reader has not read."""


@dataclass(frozen=True)
class Viewed:
    """Whose page the desk shows."""

    kind: str = "new"
    name: str = ""
    "The category, or the reader's id; empty for a new reader."

    def __str__(self) -> str:
        words = {"category": f"a reader of {self.name}", "reader": f"reader {self.name}"}
        return words.get(self.kind, "a new reader")


def viewed_of(kind: str, name: str) -> Viewed:
    """Return whose page a form asks for: what is no kind, or lacks its name, is a new reader."""
    name = shortened(name.strip(), 200)
    return Viewed(kind, name) if kind in KINDS[1:] and name else Viewed()


def reader_for(pipeline: Pipeline, bench: Workbench, viewed: Viewed) -> ReaderState:
    """Return the reader whose page is shown; raises InputError for what cannot be an id."""
    if viewed.kind == "reader":
        return pipeline.readers([given_id(viewed.name, "reader")])[0]
    history = _read_by(bench, viewed.name) if viewed.kind == "category" else []
    return session_reader(bench.data.catalogue, history, "")


def desk_page(pipeline: Pipeline, viewed: Viewed, under: Workbench | None = None) -> Page:
    """Return the page that is shown, of which nothing is counted; `under` is the workbench of other settings."""
    bench = pipeline.bench
    if under is None and viewed.kind == "reader":
        bench = pipeline.bench_of(viewed.name)
    return pipeline.pages_by(under or bench, [reader_for(pipeline, bench, viewed)], K)[0]


def categories_of(bench: Workbench) -> list[str]:
    """Return the categories of the articles, by name."""
    return sorted(name for name in bench.data.catalogue.names["category"].names if name)


def _read_by(bench: Workbench, category: str) -> list[str]:
    """Return ids of articles of a category that its reader has read: not the newest, which the page may show."""
    catalogue = bench.data.catalogue
    numbers = [place for place, name in enumerate(catalogue.names["category"].names) if name == category]
    rows = np.flatnonzero(np.isin(catalogue.names["category"].numbers, numbers) & ~catalogue.gone)
    rows = rows[np.argsort(np.nan_to_num(catalogue.published_at[rows]), kind="stable")]
    start = max(0, len(rows) - _NEWER - _READ)
    return [one.as_py() for one in catalogue.ids(rows[start : start + _READ].tolist())]
