"""What a Ray worker does: it opens the models of a stage once, and writes parts of the stage's tables.

The work is that of the local engine, block by block: one call of the news tower, of retriever and re-ranker, or of the
story writer for each block that the driver names, and one of the index builder for each shard. Ray itself is not
needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pyarrow as pa

from broadsheet.config.settings import Config
from broadsheet.errors import BroadsheetError
from broadsheet.garbage import collect_rarely
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import shard_builder
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.files import part_path, parts_of, write_json
from broadsheet.tables.schemas import CANDIDATES, INDEX, NEWS, RANKED, STORIES, USERS, news_vectors, user_vectors
from broadsheet.workbench.languages import Reads
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.ranking import known_scores, rank
from broadsheet.workbench.story_writing import interests_of_users, story_writer
from broadsheet.workbench.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores

ENCODE, SHARDS, PAGES, GENERATE = "encode", "shards", "pages", "generate"
"""The stages that workers share; shards are those of the index, pages are retrieval and re-ranking together."""

_ANSWER = pa.schema([("problem", pa.string()), ("kind", pa.string()), ("number", pa.int64()), ("tokens", pa.int64())])

Make = Callable[[pa.Table], Sequence[pa.Table]]
"""Rows of the stage's source, a block, to the tables of its outputs."""


class Task(TypedDict):
    """A part to write."""

    part: int
    "The part's number."
    blocks: list[list[int]]
    "The rows of each block, in the table that the stage reads; of the index, the number of a shard."


@dataclass(frozen=True)
class Output:
    """A table that a stage writes in parts."""

    folder: Path
    schema: pa.Schema
    stamp: dict[str, str]
    notes: dict[str, str] = field(default_factory=dict)
    "Stamps in which the workers of a cluster may differ."


def outputs(stage: str, bench: Workbench, run: str) -> list[Output]:
    """Return the tables that a stage writes for the workbench's edition.

    Vectors and texts are of a content, whoever wrote them. Pages are of a moment, and shards of a cut: `run` names the
    build, so that a worker that outlives a killed build cannot write among those of the next.
    """
    edition = bench.data.edition
    if stage == GENERATE:
        return [Output(parts_of(edition.stories), STORIES, {})]
    if stage == SHARDS:
        return [Output(shards_folder(edition) / run, INDEX, {})]
    dim, model = bench.models.news_tower.dim, {"model": bench.models.news_tower.fingerprint}
    if stage == ENCODE:
        return [Output(parts_of(edition.news_vectors), news_vectors(dim), model)]
    folder, scorer = pages_folder(edition) / run, bench.models.scorer
    made = {"arithmetic": scorer.arithmetic if scorer else ""}
    return [
        Output(folder / edition.user_vectors.stem, user_vectors(dim), model),
        Output(folder / edition.candidates.stem, CANDIDATES, model),
        Output(folder / edition.ranked.stem, RANKED, {"model": scorer.fingerprint if scorer else ""}, made),
    ]


def pages_folder(edition: Edition) -> Path:
    """Return the folder of the pages' parts, in it one for each run; no later build takes them over."""
    return parts_of(edition.path / PAGES)


def shards_folder(edition: Edition) -> Path:
    """Return the folder of the index's shards, in it one for each run; no later build takes them over."""
    return parts_of(edition.index)


def stop_file(edition: Edition) -> Path:
    """Return the name of what tells workers that the budget is spent: they write no more stories once it is there."""
    return parts_of(edition.stories) / "stop"


def shard_report(folder: Path, number: int) -> Path:
    """Return the name of what was measured of a shard; written last, so the shard is whole where it is there."""
    return folder / f"{number:06d}.json"


class Worker:
    """Writes parts of one stage. What it opens, it opens when the first part is asked for, and keeps."""

    def __init__(
        self,
        stage: str,
        run: str,
        newsroom: Newsroom,
        edition: Edition,
        config: Config,
        as_of: datetime,
        earlier: Earlier,
        reads: Reads | None = None,
    ) -> None:
        """Shards of the index, and scores of the cross-encoder, are taken over from `earlier`.

        `reads` is what the build chose for the language of the articles.
        """
        collect_rarely()
        self._stage, self._run, self._earlier = stage, run, earlier
        self._edition, self._as_of, self._models = edition, as_of, EditionModels(newsroom, config, chosen=reads)
        self._write: Callable[[Task], None] | None = None

    def __call__(self, tasks: pa.Table) -> pa.Table:
        """Write the parts that a table of tasks names; returns a row for each task: its problem and its tokens.

        The problem is empty if the part was written. Tokens are the number that the story writer read and wrote for
        the part. A BroadsheetError or an OSError becomes the problem of its row, and the worker goes on with the next
        task; every other error is raised.
        """
        return pa.Table.from_pylist([self._answer(task) for task in tasks.to_pylist()], schema=_ANSWER)

    def _answer(self, task: Task) -> dict[str, Any]:
        said, tokens = {"problem": "", "kind": "", "number": 0}, self._tokens
        try:
            if self._stage != GENERATE or not stop_file(self._edition).is_file():
                self._write = self._write or self._open()
                self._write(task)
        except BroadsheetError as error:
            said = {"problem": str(error), "kind": type(error).__name__, "number": 0}
        except OSError as error:
            said = {"problem": str(error.filename or error), "kind": "", "number": error.errno}
        return {**said, "tokens": self._tokens - tokens}

    @property
    def _tokens(self) -> int:
        """What the writer has read and written, if it is open."""
        writer = self._models.writer if self._stage == GENERATE and self._write else None
        return writer.spent_tokens if writer else 0

    def _open(self) -> Callable[[Task], None]:
        bench = open_workbench(self._models, self._edition, self._as_of)
        tables = outputs(self._stage, bench, self._run)
        if self._stage == SHARDS:
            folder = tables[0].folder
            return partial(_write_shards, folder, shard_builder(bench, Edition(folder), self._earlier.indexes))
        return partial(_write_part, tables, *_open(self._stage, bench, self._earlier))


def _write_shards(folder: Path, build: Callable[[int], dict[str, Any]], task: Task) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for (number,) in task["blocks"]:
        report = shard_report(folder, number)
        if not report.is_file():  # else a worker died before it could say so
            write_json(report, build(number))


def _write_part(tables: Sequence[Output], source: pa.Table, make: Make, task: Task) -> None:
    paths = [part_path(table.folder, task["part"]) for table in tables]
    if all(path.is_file() for path in paths):  # by a worker that died before it could say so
        return
    with ExitStack() as stack:
        writers = [
            stack.enter_context(open_writer(path, table.schema, **table.stamp, **table.notes))
            for path, table in zip(paths, tables, strict=True)
        ]
        for rows in task["blocks"]:
            for writer, made in zip(writers, make(source.take(pa.array(rows, pa.int64()))), strict=True):
                writer.write(made)


def _open(stage: str, bench: Workbench, earlier: Earlier) -> tuple[pa.Table, Make]:
    """Return the table whose rows the blocks name, and what makes a block's tables."""
    edition = bench.data.edition
    if stage == PAGES:
        known = known_scores(bench.models.scorer, earlier.ranked)
        return read_table(edition.users, USERS), lambda users: _pages(bench, users, known)
    news = read_table(edition.news, NEWS)
    if stage == ENCODE:
        from broadsheet.retrieval.towers.encoding import encode_block

        tower = bench.models.news_tower
        return news, lambda articles: [encode_block(articles, tower, dim=tower.dim, text=tower.text)]
    write = story_writer(bench.models, bench.models.config.generate.stories)
    interest = interests_of_users(bench.data, bench.models, read_table(edition.users, USERS))
    return read_table(edition.ranked, RANKED), lambda ranked: [write(ranked, news, interest=interest)]


def _pages(bench: Workbench, users: pa.Table, known: EarlierScores) -> list[pa.Table]:
    readers = bench.readers(users, bench.data.readers.mutes())
    ranking = rank(bench, readers, bench.data.as_of, earlier=known)
    return [ranking.vectors, ranking.candidates, ranking.ranked]
