"""The index of an edition as files: whole, or in shards, which several processes can build and one process joins."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.stage import StageReport
from broadsheet.workbench.reader_vectors import sample_user_vectors
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.index_build import Goal


TIMED_ARTICLES = 128
"""Articles that are encoded to measure how long encoding takes."""
INDEX_QUERIES = 1000
"""User vectors that are searched for when the kind of the index is chosen."""


def index(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write the FAISS index of the edition's news_vectors, in as many shards as the config says.

    A small corpus is searched exactly. For a large corpus, trials with the readers' own vectors choose the kind of the
    index; they may take a share of the time that encoding the articles takes. A shard is taken over from an earlier
    edition if its vectors are the same. The choice of its kind is taken over if the model is the same and the number of
    vectors is about the same.
    """
    build, shards = shard_builder(bench, out, earlier.indexes), bench.models.config.index.shards
    return join_index(bench, out, earlier.indexes, [build(number) for number in range(shards)])


def shard_builder(
    bench: Workbench, out: Edition, earlier_editions: tuple[Edition, ...] = ()
) -> Callable[[int], dict[str, Any]]:
    """Return a function that writes the shard of a given number and returns what it measured.

    Shards are numbered from 0. An index that is not cut into shards is shard 0.
    """
    from broadsheet.index_build import SHARE_OF_ENCODING, Budget, EarlierIndex, build_index, shard_goal, shard_of

    vectors, count = bench.data.vectors, bench.models.config.index.shards
    queries = sample_user_vectors(bench.data, bench.models, INDEX_QUERIES)
    goal = shard_goal(_goal(bench), count)
    reports = {edition: _index_report(edition) for edition in earlier_editions}

    def build(number: int) -> dict[str, Any]:
        earlier = [
            EarlierIndex(*shard_files(edition, number, count), _shard_report(report, number, count))
            for edition, report in reports.items()
        ]
        return build_index(
            shard_of(vectors, number, count),
            *shard_files(out, number, count),
            model=bench.models.news_tower.fingerprint,
            queries=queries,
            goal=goal,
            earlier=earlier,
            make_budget=make_budget,
        )

    def make_budget(count: int) -> Budget:
        return Budget(SHARE_OF_ENCODING * count * encoding_seconds(bench))

    return build


def join_index(
    bench: Workbench, out: Edition, earlier_editions: tuple[Edition, ...], shards: list[dict[str, Any]]
) -> StageReport:
    """Join the shards of an index by a table, if there are several, and return the report on the index."""
    from broadsheet.index_build import describe, join_shards

    report = shards[0]
    if len(shards) > 1:
        report = join_shards(
            bench.data.vectors,
            out.index,
            out.index_rows,
            shards,
            model=bench.models.news_tower.fingerprint,
            queries=sample_user_vectors(bench.data, bench.models, INDEX_QUERIES),
            goal=_goal(bench),
            earlier=[_index_report(edition) for edition in earlier_editions],
        )
    return StageReport(describe(report), figures={"index": report})


def shard_files(edition: Edition, number: int, count: int) -> tuple[Path, Path]:
    """Return the paths of a shard's FAISS index and of its table index; `number` counts from 0 to `count` - 1."""
    from broadsheet.index_build import shard_path

    return shard_path(edition.index, number, count), shard_path(edition.index_rows, number, count)


def encoding_seconds(bench: Workbench) -> float:
    """Return the seconds that this machine takes to encode an article, measured on 128 articles at most."""
    tower, news = bench.models.news_tower, bench.data.catalogue.news
    rows = np.linspace(0, len(news) - 1, min(TIMED_ARTICLES, len(news))).astype(np.int64)
    texts = tower.text(news.select(list(tower.text.columns)).take(pa.array(rows)))
    tower(texts[:1])  # the first call loads the model
    started = time.perf_counter()
    tower(texts)
    return (time.perf_counter() - started) / len(texts)


def _goal(bench: Workbench) -> Goal:
    from broadsheet.index_build import Goal

    settings = bench.models.config.index
    return Goal(settings.kind, settings.recall, settings.memory_mib)


def _index_report(edition: Edition) -> dict[str, Any]:
    """Return what an earlier build measured of its index; empty if its manifest cannot be read or does not say."""
    try:
        report: dict[str, Any] = edition.read_manifest().get("index", {})
    except NewsroomError:
        return {}
    return report


def _shard_report(report: dict[str, Any], number: int, count: int) -> dict[str, Any]:
    """Return the part of an earlier report on a shard; empty if that index did not have `count` shards."""
    shards: list[dict[str, Any]] = report.get("shards", [report])
    return shards[number] if len(shards) == count else {}
