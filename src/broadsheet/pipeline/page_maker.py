"""Making the pages of a request: ranked, drawn, written and put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from broadsheet.config.filters import FiltersConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.live.late_texts import PageTexts
from broadsheet.live.live_workbench import request_time
from broadsheet.pages.ask import answer_request
from broadsheet.pages.digests import Digests
from broadsheet.pages.look import Look
from broadsheet.pages.page import PAGE_STORIES, Page
from broadsheet.pages.story_rows import page_rows
from broadsheet.pipeline.drawing import Draw, Drawn, Draws, about_page, new_id
from broadsheet.readers.state import ReaderState
from broadsheet.tables.schemas import RANKED
from broadsheet.workbench.interests import ReaderTopics, follow
from broadsheet.workbench.ranking import Ranking, rank, timed
from broadsheet.workbench.story_writing import interests_in, story_writer
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.rerank.cross_encoder.remembered import RememberedScores

ANONYMOUS = ""
ENDPOINT_SECONDS = 5.0
"""Most seconds that a request, whatever its number of pages, waits for drafts from an endpoint."""


class PageMaker:
    """Makes the pages of an edition; safe to share between threads."""

    def __init__(self, texts: PageTexts, digests: Digests, look: Look, draws: Draws, scores: RememberedScores) -> None:
        self._texts, self._digests, self._look, self._draws, self._scores = texts, digests, look, draws, scores
        self._topics: ReaderTopics | None = None

    def pages(
        self,
        bench: Workbench,
        readers: Sequence[ReaderState],
        as_of: datetime,
        k: int,
        filters: FiltersConfig,
        draw: Draw,
    ) -> list[Page]:
        """Return the pages of some readers, at most k stories each, in the order of the readers."""
        draws = self._draws.page_draws(bench, readers, as_of, k, draw)
        ranking = rank(bench, readers, as_of, k, self._scores, filters, draws.explorer)
        self._draws.count(draws)
        ranked, timings, catalogue = ranking.ranked, ranking.timings, bench.data.catalogue
        with timed(timings, "generate"):
            topics = self._topics_of(catalogue)
            interest = interests_in(
                bench.data, bench.models, {reader.user_id: reader for reader in readers}.get, topics
            )
            write = story_writer(bench.models, k, ENDPOINT_SECONDS)
            stories = self._texts.stories(write, ranked, catalogue.news, interest)
            own, followed = bench.data.readers.profiles(), bench.data.readers.follows()
            follows = [follow(reader, own, followed, topics) for reader in readers]
        rows = self._rows(ranking, readers, stories, catalogue, draws.pages)
        pages = []
        for reader, following in zip(readers, follows, strict=True):
            table = pa.Table.from_pylist(rows.get(reader.user_id, []), schema=PAGE_STORIES)
            made = bench.data.edition.name, as_of, table, dict(timings)
            drawn = {**draws.about(reader.user_id), "is_archive": _is_archive(bench)}
            pages.append(Page(reader.user_id, reader.kind, "", *made, follows=following, look=self._look, **drawn))
        return pages

    def _topics_of(self, catalogue: Catalogue) -> ReaderTopics:
        """Return what finds the topics of histories, which are remembered until an article is added or withdrawn."""
        topics = self._topics
        if topics is None or topics.news is not catalogue.news:
            self._topics = topics = ReaderTopics(catalogue.news)
        return topics

    def _rows(
        self, ranking: Ranking, readers: Sequence[ReaderState], stories: pa.Table, catalogue: Catalogue, drawn: Drawn
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of each reader's page, each with the digest of its event."""
        digests = self._digests.of_pages(ranking.ranked, readers, catalogue, ranking.selection)
        return page_rows(ranking.ranked, stories, catalogue, digests, drawn)

    def stories(self, bench: Workbench, news_ids: Sequence[str]) -> pa.Table:
        """Return the stories of articles as a page of nobody has them, in the order of the ids; no text is drafted."""
        places = {"rank": range(1, len(news_ids) + 1), "score": [1 / (place + 1) for place in range(len(news_ids))]}
        columns = {
            "user_id": [ANONYMOUS] * len(news_ids),
            "news_id": news_ids,
            "reason": [""] * len(news_ids),
            **places,
        }
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        ranked = pa.Table.from_pylist([{"fused": 0.0, "own": [], **row} for row in rows], schema=RANKED)
        nobody = ReaderState({"user_id": ANONYMOUS, "history": [], "profile": "", "hidden": []}, [])
        catalogue, write = bench.data.catalogue, story_writer(bench.models, max(1, len(news_ids)), seconds=0)
        stories = self._texts.stories(write, ranked, catalogue.news)
        digests = self._digests.of_pages(ranked, [nobody], catalogue, bench.selection)
        found = page_rows(ranked, stories, catalogue, digests, {}).get(ANONYMOUS, [])
        return pa.Table.from_pylist(found, schema=PAGE_STORIES)

    def answered(self, bench: Workbench, request: str, k: int, filters: FiltersConfig) -> Iterator[Answer | Page]:
        """Yield the answer to a request, then its page of at most k stories."""
        reader = ReaderState({"user_id": ANONYMOUS, "history": [], "profile": request, "hidden": []}, [])
        as_of, catalogue = request_time(bench), bench.data.catalogue
        ranking = rank(bench, [reader], as_of, k, filters=filters)
        ranked, timings = ranking.ranked, ranking.timings
        with timed(timings, "answer"):
            answer = answer_request(request, ranked, catalogue, bench.models.news_tower)
        yield answer
        with timed(timings, "generate"):
            write = story_writer(bench.models, k, seconds=0)
            stories = self._texts.stories(write, ranked, catalogue.news)
        rows = self._rows(ranking, [reader], stories, catalogue, {}).get(ANONYMOUS, [])
        table = pa.Table.from_pylist(rows, schema=PAGE_STORIES)
        made = bench.data.edition.name, as_of, table, timings
        about = {**about_page(new_id()), "is_archive": _is_archive(bench)}
        yield Page(ANONYMOUS, "request", request, *made, answer, look=self._look, **about)


def _is_archive(bench: Workbench) -> bool:
    return bench.models.config.clock == "latest"
