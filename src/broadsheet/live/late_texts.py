"""Texts that are written after the edition: pages note what they want, a writer in the background writes and keeps it.

A request looks at one file, and reads it again when it has changed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.live.wanted import Wanted, forget_wanted, read_wanted
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.orders.book import OrderBook
from broadsheet.orders.rewritten import rewritten
from broadsheet.readers.watched_file import Watched
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import parts_of, remove_folder
from broadsheet.tables.locks import locked
from broadsheet.tables.schemas import STORIES
from broadsheet.workbench.story_writing import story_budget, story_writer
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.generate import StoryWriter
    from broadsheet.generate.stories.late_stories import LateStories
    from broadsheet.generate.stories.story_writer import Interest

log = logging.getLogger(__name__)

NOTED = 60
"""Ranks of a page whose missing texts are noted; further down, a request makes no extracts either."""


class PageTexts:
    """The texts that pages of an edition show, and the notes of texts that they lack; safe to share between threads."""

    def __init__(self, newsroom: Newsroom, edition: Edition) -> None:
        """Read the edition's stories; raises ContractError if they are damaged."""
        from broadsheet.generate.stories.known_texts import distinct_texts

        self._stories = distinct_texts(read_table(edition.stories, STORIES))
        self._wanted = Wanted(newsroom, edition.name)
        self._all = Watched(newsroom.late_texts, self._joined, lambda: self._stories)
        self._orders = OrderBook(newsroom)

    def stories(
        self, write: StoryWriter, ranked: pa.Table, news: pa.Table, interest: Interest | None = None
    ) -> pa.Table:
        """Return the STORIES of pages, in the words of editors, else in texts of the edition or written since.

        The articles among the first NOTED ranks of each page whose stories lack a draft are noted.
        """
        from broadsheet.generate.stories.missing_drafts import lacks_a_draft

        stories = write(ranked, news, known=self._all(), interest=interest, reader_waits=True)
        lacking = stories.filter(pc.and_(pa.array(lacks_a_draft(stories)), pc.less_equal(stories["rank"], NOTED)))
        self._wanted.note(lacking["news_id"].to_pylist())
        return rewritten(stories, self._orders().at(datetime.now(UTC)).rewrites)

    def _joined(self, path: Path) -> pa.Table:
        from broadsheet.generate.stories.missing_drafts import lacks_a_draft

        try:
            late = read_table(path, STORIES).replace_schema_metadata(STORIES.metadata)
        except ContractError as error:
            log.warning("%s Pages show the edition's texts alone. `broadsheet write` writes the file anew.", error)
            return self._stories
        is_late = pc.is_in(self._stories["content_hash"], value_set=late["content_hash"].combine_chunks())
        kept = self._stories.filter(pc.invert(pc.and_(pa.array(lacks_a_draft(self._stories)), is_late)))
        return pa.concat_tables([late, kept.replace_schema_metadata(STORIES.metadata)])


def write_missing(bench: Workbench) -> LateStories:
    """Write the texts that pages noted and the workbench's edition lacks; the next request of every process shows them.

    Raises NewsroomError if another process is writing them.
    """
    newsroom = bench.data.newsroom
    newsroom.late_texts.parent.mkdir(exist_ok=True)
    try:
        with locked(_lock(newsroom), waits=False):
            return _write(bench, draft=True)
    except BlockingIOError as error:
        raise NewsroomError(
            f"{newsroom.late_texts.parent}: another process is writing the texts that pages wanted. Wait for it to end."
        ) from error


def write_at_night(bench: Workbench, counts: Mapping[str, float]) -> str:
    """Write what pages noted with what a build has left of its budget, and return a line; empty if nothing was noted.

    `counts` are those of the stage `generate`. If that stage did not draft all of its own stories, no text is drafted
    here. Texts of articles that the edition does not hold are removed.
    """
    newsroom = bench.data.newsroom
    if not newsroom.late_texts.parent.is_dir():
        return ""
    with _held(newsroom) as held:
        if not held:
            return "another process is writing the texts that pages wanted"
        made = _write(bench, draft=not counts.get("beyond_budget"), spent=int(counts.get("draft_tokens", 0)))
    return made.line if made.wanted else ""


def begin_night(newsroom: Newsroom, current: str) -> None:
    """Forget what was noted for editions before `current`, and what was spent since; written texts are kept."""
    if newsroom.late_texts.parent.is_dir():
        with _held(newsroom) as held:
            if held:
                remove_folder(parts_of(newsroom.late_texts))
                forget_wanted(newsroom, current)


def _write(bench: Workbench, *, draft: bool, spent: int = 0) -> LateStories:
    from broadsheet.generate.stories.late_stories import write_late_stories

    newsroom, catalogue, models = bench.data.newsroom, bench.data.catalogue, bench.models
    notes = read_wanted(newsroom)
    wanted = [news_id for news_id in notes.news_ids if news_id in catalogue.row_of]
    budget = story_budget(models, newsroom.late_texts)
    if spent:
        budget.count(spent)
    made = write_late_stories(
        story_writer(models, 1),
        wanted if draft else [],
        catalogue.news.filter(pa.array(~catalogue.gone)),
        newsroom.late_texts,
        known=[bench.data.edition.stories],
        budget=budget,
    )
    if models.writer is not None:
        models.writer.warn()
    return (
        made._replace(line=f"{made.line}; the list of wishes is full until the next build") if notes.is_full else made
    )


@contextmanager
def _held(newsroom: Newsroom) -> Iterator[bool]:
    """Hold the lock of the late texts, and yield whether it could be had at once."""
    try:
        with locked(_lock(newsroom), waits=False):
            yield True
    except BlockingIOError:
        yield False


def _lock(newsroom: Newsroom) -> Path:
    return newsroom.late_texts.with_name(".lock")
