"""Days of simulated readers with a newsroom's own pipeline: pages on request, logged events, and a build each night.

The clock is that of an archive, `clock = "latest"`: it stands just after the last article or event. So the simulation
moves it by adding each article when it is published and by logging each event at its time, and nothing of the pipeline
is replaced.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import numpy as np

from broadsheet.errors import GateError
from broadsheet.evaluation.simulation.behaviour import Luck, draw_luck, expected_clicks, read_pages
from broadsheet.evaluation.simulation.memory import HOUR, appeal_to, make_memory
from broadsheet.evaluation.simulation.page_events import events_of
from broadsheet.evaluation.simulation.readers import drifted
from broadsheet.evaluation.simulation.staging import ArticleRow, reader_id
from broadsheet.evaluation.simulation.world import World, day_of
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say
from broadsheet.tables.arrays import Rows

SLOTS = 10
LOOK, LONGEST = 0.05, 30.0
"""Seconds between two looks whether events are in force, and the longest wait for them."""


class NewsroomDays:
    """A simulation in a newsroom of its own, day after day."""

    def __init__(self, newsroom: Newsroom, world: World, articles: Sequence[ArticleRow], say: Say) -> None:
        """Take a newsroom made by `stage_newsroom`; `articles` has the rows of all articles, in the world's order."""
        self._newsroom, self._world, self._articles, self._say = newsroom, world, articles, say
        self._row_of = {row["news_id"]: number for number, row in enumerate(articles)}
        self._memory = make_memory(len(world.readers), len(articles))
        self._tastes = world.readers.tastes

    def day(self, day: int) -> dict[str, Any]:
        """Let a day pass, with the build of the night after it; returns what happened as values that JSON can hold."""
        world, counts = self._world, Counter[str]()
        expected, refused = 0.0, Counter[str]()
        midnight = world.start + day * 24 * HOUR
        pipeline = Pipeline.open(self._newsroom.path)
        with closing(pipeline.events):
            for hour in range(24):
                now = midnight + hour * HOUR
                self._publish(pipeline, now)
                rng = np.random.default_rng([world.seed, 3, day, hour])
                came = np.flatnonzero(world.readers.come(hour, 1.0, rng))
                luck, minutes = draw_luck(rng, len(world.readers), SLOTS), np.sort(rng.random(len(came)))
                events: list[dict[str, Any]] = []
                for reader, minute in zip(came.tolist(), minutes.tolist(), strict=True):
                    mine = Luck(*(part[reader : reader + 1] for part in luck))
                    when = f"{world.seed}-{day}-{hour}"
                    found, clicks = self._visit(pipeline, when, reader, now + minute * HOUR, mine)
                    events, expected = events + found, expected + clicks
                if events:
                    report = pipeline.log(events)
                    counts.update(report.taken)
                    refused.update(report.refused)
                    _await(pipeline, report.last)
        self._memory.sleep()
        drift = np.random.default_rng([world.seed, 4, day])
        self._tastes = drifted(self._tastes, world.truth, world.behaviour, midnight + 24 * HOUR, drift)
        self._say(f"{day_of(world, day):%Y-%m-%d}: {counts['page']:,} pages, {counts['click']:,} clicks")
        return {
            "date": f"{day_of(world, day):%Y-%m-%d}",
            "events": dict(counts),
            "expected_clicks": expected,
            "refused": dict(refused),
            "edition": self._build(),
        }

    def _publish(self, pipeline: Pipeline, now: float) -> None:
        """Add the articles of the hour before."""
        times = self._world.truth.published_at
        rows = np.flatnonzero((times >= now - HOUR) & (times < now) & (times >= self._world.start))
        if len(rows):
            pipeline.add([self._articles[row] for row in rows.tolist()])

    def _visit(
        self, pipeline: Pipeline, when: str, reader: int, now: float, luck: Luck
    ) -> tuple[list[dict[str, Any]], float]:
        """Return the events of a page that a reader asks for and reads, and the mean clicks of such a page."""
        # The reader's budget of explored slots counts by the machine's day, so that here only the page's counts.
        page = pipeline.run(reader_id(reader), SLOTS, page_id=f"page-{when}-{reader}", explored_today=0)
        shown: Rows = np.array([[self._row_of[one] for one in page.stories.column("news_id").to_pylist()]], np.int64)
        who, moment = np.array([reader]), datetime.fromtimestamp(now, UTC)
        if not shown.shape[1]:
            return [page.event(moment)], 0.0
        world, luck = self._world, Luck(*(part[:, : shown.shape[1]] for part in luck))
        appeal = appeal_to(world, self._memory, self._tastes, who, shown, now)
        reading = read_pages(world.behaviour, appeal, luck)
        self._memory.note(world.truth, who, shown, reading)
        categories = [self._articles[row]["category"] for row in shown[0].tolist()]
        events = events_of(page.event(moment), reading, categories)
        return events, float(expected_clicks(world.behaviour, appeal)[0])

    def _build(self) -> str:
        """Build the edition of the next day, and return its name; that of the current if the new is kept back."""
        try:
            return build(self._newsroom).name
        except GateError as error:
            self._say(str(error))
            return self._newsroom.current().name


def _await(pipeline: Pipeline, last: datetime | None) -> None:
    """Wait until the events up to a time are in force, so that a repetition of the simulation has the same pages."""
    until = time.monotonic() + LONGEST
    while last is not None and time.monotonic() < until:
        latest = pipeline.bench.logs().latest
        if latest is not None and latest >= last:
            return
        time.sleep(LOOK)
