"""The arms of experiments as a pipeline serves them: each by its own settings, all by the same models and index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from broadsheet.config.arms import with_settings
from broadsheet.experiments.assignment import Assignment, assign
from broadsheet.experiments.mixed_page import alike_articles, mixed_page
from broadsheet.pages.look import Look, read_look
from broadsheet.pages.page import Page
from broadsheet.readers.slots import slots_of
from broadsheet.readers.state import ReaderState
from broadsheet.tables.locks import ThreadLock
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench

MOST_KEPT = 64
"""Workbenches of arms that are kept: with several experiments at once, each pair of arms has a workbench of its own."""


MakePages = Callable[[Workbench, Sequence[ReaderState]], list[Page]]


class Arms:
    """The arms of a newsroom's experiments; safe to share between threads."""

    def __init__(self, bench: Workbench, look: Look) -> None:
        """Take the opened workbench and the look of the newsroom's own settings.

        Opens each arm alone, so that no request waits for it. Raises ConfigError if an arm's filters name a column that
        no article has, or its look cannot be read.
        """
        self._base, self._lock = bench, ThreadLock()
        self._models: dict[Assignment, EditionModels] = {Assignment(): bench.models}
        self._looks: dict[Assignment, Look] = {Assignment(): look}
        self._benches: dict[Assignment, Workbench] = {}
        for name, experiment in bench.models.config.experiments.items():
            for arm in experiment.arms:
                self.bench(bench, Assignment(((name, arm),)))

    def pages(self, base: Workbench, readers: Sequence[ReaderState], as_of: datetime, make: MakePages) -> list[Page]:
        """Return the pages of some readers, those of each arm made by its own workbench.

        `make` makes the pages of readers who share their arms. The timings cover all pages together.
        """
        groups: dict[Assignment, list[ReaderState]] = {}
        for reader in readers:
            arms = assign(base.models.config.experiments, reader.user_id, as_of)
            groups.setdefault(arms, []).append(reader)
        made, timings = list[Page](), Counter[str]()
        for arms, theirs in groups.items():
            pages = self._mixed(base, arms, theirs, make) if arms.interleaved else self._of(base, arms, theirs, make)
            timings.update(pages[0].timings)
            made += pages
        return [replace(page, timings=dict(timings)) for page in made]

    def _of(self, base: Workbench, arms: Assignment, readers: Sequence[ReaderState], make: MakePages) -> list[Page]:
        pages = make(self.bench(base, arms), readers)
        look = self._looks[arms]
        return [replace(page, experiment=arms.experiment, arm=arms.arm, look=look) for page in pages]

    def _mixed(self, base: Workbench, arms: Assignment, readers: Sequence[ReaderState], make: MakePages) -> list[Page]:
        """Return pages that have articles of both arms of an experiment; they look as those of its first arm."""
        name = arms.interleaved
        of_both = [arms.with_arm(name, arm) for arm in base.models.config.experiments[name].arms]
        sides = [self._of(base, one, readers, make) for one in of_both]
        timings = Counter(sides[0][0].timings)
        timings.update(sides[1][0].timings)
        catalogue, caps = base.data.catalogue, base.models.config.rerank.caps
        pages = []
        for reader, first, second in zip(readers, *sides, strict=True):
            alike = alike_articles(catalogue, (first, second), caps)
            page, teams = mixed_page(first, second, alike, _slots(base, reader))
            pages.append(replace(page, arm=arms.with_arm(name, teams).arm, timings=dict(timings)))
        return pages

    def bench_of(self, base: Workbench, user_id: str, as_of: datetime) -> Workbench:
        """Return the workbench of a reader's arms; of an interleaved experiment, that of its first arm."""
        arms = assign(base.models.config.experiments, user_id, as_of)
        if name := arms.interleaved:
            arms = arms.with_arm(name, next(iter(base.models.config.experiments[name].arms)))
        return self.bench(base, arms)

    def bench(self, base: Workbench, arms: Assignment) -> Workbench:
        """Return the workbench of some arms over the data of `base`, the workbench of this request."""
        with self._lock:
            if base.models is not self._base.models:  # the orders of editors changed: arms are over the new settings
                self._models = {Assignment(): base.models}
            if base is not self._base:  # what was made of other articles and settings is made again
                self._base, self._benches = base, {}
            models = self._models_of(arms)
            if models is base.models:
                return base
            if arms not in self._benches:
                if len(self._benches) >= MOST_KEPT:
                    self._benches.pop(next(iter(self._benches)))
                bench = base.under(models)
                _ = bench.retriever, bench.reranker, bench.selection  # made now, so that no two threads make it
                self._benches[arms] = bench
            return self._benches[arms]

    def _models_of(self, arms: Assignment) -> EditionModels:
        if arms not in self._models:
            models, look = self._models[Assignment()], self._looks[Assignment()]
            config = models.config
            for name, arm in arms.arms:
                experiment = config.experiments[name]
                config = with_settings(config, experiment.arms[arm].settings)
                if experiment.kind == "interleaving":  # its coins are the only draw of the page
                    config = with_settings(config, {"exploration": {"policy": "none"}})
            is_new = config != models.config
            if config.page != models.config.page:
                look = read_look(models.newsroom.path, config.page)
            self._models[arms] = models.under(config) if is_new else models
            self._looks.setdefault(arms, look)
        return self._models[arms]


def _slots(bench: Workbench, reader: ReaderState) -> dict[int, str]:
    """Return the articles that editors gave a slot on a reader's page, by slot."""
    if bench.selection is None or not bench.selection.slots:
        return {}
    catalogue = bench.data.catalogue
    found = slots_of(bench.selection, reader, catalogue)
    return {place: catalogue.ids([row])[0].as_py() for row, place in found.items()}
