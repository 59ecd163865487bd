"""The index of a training or a benchmark: built when something is first searched, and kept in no edition."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier, earlier_indexes
from broadsheet.nightly.index_stage import index
from broadsheet.progress import Say
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.index_build import SearchIndex, ShardedIndex
    from broadsheet.index_build.search import Found
    from broadsheet.tables.arrays import Vectors


class LazyIndex:
    """Searches a workbench's articles by the index that a build of the newsroom would make.

    Most trainings and benchmarks search nothing, so nothing is built before the first search.
    """

    def __init__(self, bench: Workbench, say: Say) -> None:
        """`say` gets a line once the index is built."""
        self._bench, self._say = bench, say

    @cached_property
    def opened(self) -> SearchIndex | ShardedIndex:
        """The index itself, built now if nothing was searched before."""
        from broadsheet.index_build import open_index

        data = self._bench.data
        with TemporaryDirectory() as folder:  # an open index keeps its mapped file, whose name can go
            out = Edition(Path(folder))
            report = index(self._bench, out, Earlier(indexes=earlier_indexes(data.newsroom, self._say)))
            self._say(f"index: {report.line}")
            ids = data.catalogue.news.column("news_id")
            return open_index(out.index, out.index_rows, news_ids=ids, model=data.model.fingerprint)

    def __call__(self, queries: Vectors, k: int) -> Found:
        """Search as a `SearchIndex` does."""
        return self.opened(queries, k)


def searched_lazily(bench: Workbench, say: Say) -> Workbench:
    """Return the workbench with an index that is built when something is first searched."""
    return bench.over(bench.data, search=LazyIndex(bench, say))


def index_of(bench: Workbench) -> SearchIndex | ShardedIndex:
    """Return the index that a workbench searches: its edition's, or that of `searched_lazily`."""
    return bench.search.opened if isinstance(bench.search, LazyIndex) else bench.index
