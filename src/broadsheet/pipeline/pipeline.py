"""Pages on request: `run(user_id)`, `run_many(user_ids)` and `ask(text)`, by the stages of the nightly build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from broadsheet.config.filters import FiltersConfig, read_filters
from broadsheet.experiments.arms import Arms
from broadsheet.importers.report import ImportReport
from broadsheet.live.articles import add_articles, withdraw_articles
from broadsheet.live.events.event_log import EventLog, given_events
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.report import LogReport
from broadsheet.live.events.store import open_events
from broadsheet.live.late_texts import PageTexts, write_missing
from broadsheet.live.live_readers import LiveReaders
from broadsheet.live.live_workbench import Live, request_time
from broadsheet.live.trending import RegionCounts, trending
from broadsheet.models.forks import check_device
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_id, given_ids, given_names, given_newsroom, given_rows, most_stories
from broadsheet.own_parts import OwnParts
from broadsheet.pages.ask import read_request
from broadsheet.pages.digests import Digests, read_digests
from broadsheet.pages.look import Look, read_look
from broadsheet.pages.page import Page
from broadsheet.pipeline.drawing import Draw, Draws, given_draw
from broadsheet.pipeline.explored_slots import ExploredSlots
from broadsheet.pipeline.page_maker import PageMaker
from broadsheet.pipeline.sessions import session_reader
from broadsheet.readers.state import ReaderState
from broadsheet.tables.kept import kept_names
from broadsheet.workbench.ordered import OrderedBench
from broadsheet.workbench.ranking import remembered_scores
from broadsheet.workbench.workbench import Workbench, open_current

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.generate.stories.late_stories import LateStories

Filters = FiltersConfig | Mapping[str, Any] | None
"""Filters of a request; None means no filters beside the newsroom's own."""


class Pipeline:
    """The current edition of a newsroom with its models, opened once; safe to call from several threads.

    It keeps the edition that it opened, also when a newer edition is published. The next request sees the articles that
    this or another process added or withdrew; it raises ContractError if the journal is damaged.
    """

    def __init__(self, bench: Workbench, texts: PageTexts, digests: Digests, look: Look) -> None:
        newsroom, config = bench.data.newsroom, bench.models.config
        self.events = open_events(newsroom, config)
        """The event store of the newsroom."""
        self._readers = LiveReaders(self.events)
        draws = Draws(ExploredSlots(self.events))
        self.scores = remembered_scores(bench)
        """The scores of the cross-encoder that were made until now."""
        self._live, self._maker = Live(bench, self.events), PageMaker(texts, digests, look, draws, self.scores)
        self._arms, self._ordered = Arms(self._live.bench(), look), OrderedBench()
        articles = KnownArticles(newsroom, lambda: self.bench.data.catalogue.all_rows)
        archive, forgotten = config.clock == "latest", bench.data.readers.forgotten
        self._event_log = EventLog(self.events, articles, is_archive=archive, forgotten=forgotten)
        self._regions = RegionCounts(self.events, bench.data.edition, config.acts)

    @staticmethod
    def open(path: str | Path | Newsroom, own: OwnParts | None = None) -> Pipeline:
        """Open a newsroom's current edition; `own` are parts of your own beside those that broadsheet.toml names.

        Raises NewsroomError if no edition is published, ModelError if the edition was built with another model than
        the config names, ContractError if a file is damaged.
        """
        bench = open_current(given_newsroom(path), own)
        room, edition = bench.data.newsroom, bench.data.edition
        texts, look = PageTexts(room, edition), read_look(room.path, bench.models.config.page)
        pipeline = Pipeline(bench, texts, Digests(read_digests(edition)), look)
        _ = pipeline.bench  # reads the journal now, so that the first request does not wait for it
        return pipeline

    @property
    def bench(self) -> Workbench:
        """The workbench of the next request, with articles and orders of editors until now taken in; do not change it.

        Raises ModelError in a process that was forked after models were put on a GPU.
        """
        check_device()
        return self._ordered(self._live.bench())

    def bench_at_hand(self) -> Workbench | None:
        """Return `bench` if nothing has to be read or made for it; else None. An event loop may call this."""
        bench = self._live.at_hand()
        return None if bench is None else self._ordered.at_hand(bench)

    def run(
        self,
        user_id: str,
        k: int = 10,
        filters: Filters = None,
        name: str = "",
        *,
        page_id: str | None = None,
        policy_version: str | None = None,
        explored_today: int | None = None,
    ) -> Page:
        """Return the page of one reader: at most k stories, best first.

        An unknown reader gets a page for new readers, and its `kind` is "new". If fewer than k stories can be shown,
        the page is shorter; an empty page says so in its `note`. A page has 1,000 stories at most, whatever k is.
        Raises InputError if the id is empty, or if k is less than 1. A reader in an experiment gets the page of an arm.

        `filters` are those of this request, beside the newsroom's own: a mapping as in section [filters] of
        broadsheet.toml, such as {"exclude": {"paywall": "true"}}. They count before the page is cut to k. Raises
        InputError if they are wrong or name a column that no article has. `name` is the reader's name as the page shows
        it, in place of the id.

        `page_id` is the id of the page, of which its draw is made; by default, a new id. With the id and the
        `policy_version` of a page that was shown, that page is made again, if nothing else changed. `explored_today`
        is the number of explored slots of the reader's pages of today, which [exploration] limits; by default, that of
        the pages that this pipeline made or any process logged.
        """
        draw = given_draw(page_id, policy_version, explored_today)
        return replace(self._run_many([given_id(user_id, "user_id")], k, filters, draw)[0], name=name)

    def run_many(self, user_ids: Iterable[str], k: int = 10, filters: Filters = None) -> list[Page]:
        """Return pages in the order of the ids; `timings` cover all. Raises as `run`, and InputError for a text."""
        return self._run_many(user_ids, k, filters, Draw())

    def _run_many(self, user_ids: Iterable[str], k: int, filters: Filters, draw: Draw) -> list[Page]:
        bench = self.bench
        k, user_ids = most_stories(k, len(bench.data.catalogue)), given_ids(user_ids, "user_ids")
        unique, as_of = list(dict.fromkeys(user_ids)), request_time(bench)
        readers = self._readers(bench, unique, as_of)
        make = partial(self._maker.pages, as_of=as_of, k=k, filters=read_filters(filters), draw=draw)
        by_user = {page.user_id: page for page in self._arms.pages(bench, readers, as_of, make)}
        return [by_user[user_id] for user_id in user_ids]

    def run_session(self, history: Iterable[str], profile: str = "", k: int = 10, filters: Filters = None) -> Page:
        """Return the page of a session whose reader nobody knows, by articles read and words of interest.

        `history` are ids of articles, oldest first; unknown ids are left out. Nothing of the session is kept, and it is
        in no experiment. Raises as `run` does, and InputError for words of more than 500 characters.
        """
        bench = self.bench
        return self.pages_by(bench, [session_reader(bench.data.catalogue, history, profile)], k, filters)[0]

    def pages_by(self, bench: Workbench, readers: Sequence[ReaderState], k: int, filters: Filters = None) -> list[Page]:
        """Return pages by a workbench such as one under other settings, as of now; nothing of them is counted."""
        stories, draw = most_stories(k, len(bench.data.catalogue)), Draw(explored_today=0)
        return self._maker.pages(bench, readers, request_time(bench), stories, read_filters(filters), draw)

    def readers(self, user_ids: Iterable[str]) -> list[ReaderState]:
        """Return what is known of readers at this moment, in the order of the ids; raises as `run_many` does."""
        return self._readers(bench := self.bench, given_ids(user_ids, "user_ids"), request_time(bench))

    def bench_of(self, user_id: str) -> Workbench:
        """Return the workbench that makes a reader's pages: that of the reader's arm, of two interleaved the first."""
        return self._arms.bench_of(self.bench, user_id, request_time(self.bench))

    def stories(self, news_ids: Sequence[str]) -> pa.Table:
        """Return articles as a page of nobody shows them, a table of PAGE_STORIES; unknown ids are left out."""
        bench = self.bench
        known = [news_id for news_id in given_ids(news_ids, "news_ids") if news_id in bench.data.catalogue.row_of]
        return self._maker.stories(bench, known)

    def ask(self, text: str, k: int = 10, filters: Filters = None) -> Page:
        """Return a page in answer to a free text, which is read as a reader's own words on their interests.

        The page's `answer` quotes sentences of the best stories with their citations, or says that nothing matches. No
        text is drafted for the page: a story without a text in the edition is shown in the publisher's words. Raises
        InputError if the text is empty or has more than 1,000 characters, or if k is less than 1. `filters` are those
        of `run`.
        """
        return next(part for part in self.ask_stream(text, k, filters) if isinstance(part, Page))

    def ask_stream(self, text: str, k: int = 10, filters: Filters = None) -> Iterator[Answer | Page]:
        """Return an iterator over the answer and then the page of `ask`; raises as `ask`, in this call already."""
        bench, chosen = self.bench, read_filters(filters)
        bench.select(chosen)  # an unknown column is said in this call
        return self._maker.answered(bench, read_request(text), most_stories(k, len(bench.data.catalogue)), chosen)

    def add(
        self, articles: Iterable[Mapping[str, Any]] | Mapping[str, Any], keep: Sequence[str] | None = None
    ) -> ImportReport:
        """Add articles, or replace the texts of articles with the same id; returns which rows were taken.

        Rows have the columns of table news and are checked as in an import. They come as mappings, or as a table of
        pandas, polars or pyarrow; a single mapping is one article. `keep` names further columns that are kept; without
        it, those that the newsroom keeps already. When the call returns, the articles are on the disk; the next request
        of every process finds them. An added article whose id was withdrawn is shown again. Raises CorpusError if no
        row can be taken, InputError for what are no rows.
        """
        bench, rows = self.bench, given_rows(articles, "articles")
        catalogue = bench.data.catalogue
        keep = kept_names(catalogue.news) if keep is None else keep
        known, former = catalogue.all_rows, catalogue.shown_when
        report = add_articles(bench.data.newsroom, rows, bench.models.news_tower, known=known, keep=keep, former=former)
        _ = self.bench
        return report

    def withdraw(self, news_ids: Iterable[str]) -> list[str]:
        """Withdraw articles; returns those of the given ids that no article has; an import will refuse these ids, too.

        When the call returns, the articles are on no page of any process, and no later edition holds them. Raises
        InputError for an empty list, or a list with something that cannot be an id.
        """
        bench = self.bench
        unknown = withdraw_articles(bench.data.newsroom, news_ids, lambda: bench.data.catalogue.all_rows)
        _ = self.bench
        return unknown

    def log(self, events: object) -> LogReport:
        """Log what readers do: the pages that they are shown, views, clicks and other acts; returns what was taken.

        Events are mappings with columns of table events, or a table of pandas, polars or pyarrow; a single mapping is
        one event. When the call returns, the events that it names as taken are on the disk. Each event that cannot be
        taken is counted by its reason. An event that was sent before, by its event_id, is not taken a second time.
        Raises InputError for what are no events, NewsroomError or DiskError if the event store cannot be written.
        """
        return self._event_log(given_events(events))

    def trending(self, k: int = 10, category: str | None = None, region: str | None = None) -> list[tuple[str, float]]:
        """Return at most k articles that are read most at the moment: their ids and decayed counts, the largest first.

        An act counts what `[acts.popularity]` says, 1 for a click, and half of it after each half-life, until this
        second and in every process. `category` asks for the articles of a category alone, `region` for the acts of
        readers in a region alone. An article without a count above 0 is left out, as is an article that no page may
        show. Raises InputError for a wrong k or name, NewsroomError if the event store cannot be read.
        """
        bench = self.bench
        number = most_stories(k, len(bench.data.catalogue))
        given_names([name for name in (category, region) if name is not None], "category, region")
        as_of = request_time(bench)
        in_region = None if region is None else self._regions(region, as_of)
        return trending(bench, as_of, number, category, in_region)

    def write_missing(self) -> LateStories:
        """Write the texts that pages of any process wanted and the edition lacks; their next requests show them.

        No request waits for this, which takes the writer's time: call it now and then, in a thread of its own. Raises
        NewsroomError if another process does so already.
        """
        return write_missing(self.bench)
