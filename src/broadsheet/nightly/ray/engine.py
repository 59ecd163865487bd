"""The stages under Ray: workers write parts of an edition's tables, and the local steps take them over.

Encoding, the readers' pages and the stories are cut into the blocks that the local engine works in, and an index of
several shards into these; Ray Data gives them to actors that hold the models (`ray_worker`). What the workers write are
files beside those of the edition, on a file system that all machines see; through Ray go names and row numbers alone.
The tables are then assembled by the local engine's own code, so they are the same, and a worker that dies costs the
part it was at.
"""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from broadsheet import errors
from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.index_stage import join_index, shard_files
from broadsheet.nightly.ray.cluster import cluster, require_ray
from broadsheet.nightly.ray.worker import (
    ENCODE,
    GENERATE,
    PAGES,
    SHARDS,
    Output,
    Task,
    Worker,
    outputs,
    pages_folder,
    shard_report,
    shards_folder,
    stop_file,
)
from broadsheet.nightly.stage import Done, Engine, Step
from broadsheet.nightly.stages import STEPS, USERS_AT_ONCE, write_candidates, write_ranked
from broadsheet.progress import track
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.parts import first_free_number
from broadsheet.tables.schemas import NEWS, RANKED, USERS
from broadsheet.workbench.story_writing import interests_in, story_budget, story_writer
from broadsheet.workbench.workbench import Workbench

PARTS_PER_WORKER = 32
"""Parts that a stage is cut into for each worker, so that all end at nearly one time and a death costs little."""
BLOCKS_PER_PART = 256
TRIES = 4
"""Workers that may die at one part before the build stops: one that kills each of them would go round for ever."""


Heed = Callable[[Mapping[str, Any]], None]
"""Gets what a worker answers for a part."""


class Spread(Protocol):
    """Has the parts of a stage written, given the rows of its blocks; False, and nothing done, if there are too few."""

    def __call__(
        self,
        stage: str,
        bench: Workbench,
        blocks: Sequence[Sequence[int]],
        known: tuple[Edition, ...] = (),
        heed: Heed = lambda answer: None,
    ) -> bool:
        """Workers take shards of the index over from `known` editions."""


def ray_engine(address: str | None = None, workers: int | None = None) -> Engine:
    """Return the engine that runs on the Ray cluster at `address`, else on so many local workers, one a core.

    Raises InputError where Ray is not installed and, when a build begins, where no cluster answers at the address.
    """
    require_ray()
    return partial(_started, address, workers)


@contextmanager
def _started(address: str | None, workers: int | None) -> Iterator[Mapping[str, Step]]:
    run = secrets.token_hex(4)
    with cluster(address, workers) as size:
        yield _steps(partial(_spread, size, run), run)


def _steps(spread: Spread, run: str) -> dict[str, Step]:
    return STEPS | {
        "encode": partial(_encode, spread),
        "index": partial(_index, spread, run),
        "retrieve": partial(_retrieve, spread, run),
        "rerank": partial(_rerank, run),
        "generate": partial(_generate, spread),
    }


def _encode(spread: Spread, bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> Done | str:
    from broadsheet.retrieval.towers.encoding import articles_to_encode

    tower = bench.news_tower
    news = read_table(bench.edition.news, NEWS)
    blocks = articles_to_encode(news, out.news_vectors, dim=tower.dim, fingerprint=tower.fingerprint, known=known)
    if not spread(ENCODE, bench, blocks):
        return STEPS["encode"](bench, out, known)
    STEPS["encode"](bench, out, known)
    encoded = sum(map(len, blocks))
    counts = {"encoded": encoded, "reused": len(news) - encoded}
    return Done(f"{encoded} articles encoded, {len(news) - encoded} taken over", counts)


def _index(spread: Spread, run: str, bench: Workbench, out: Edition, known: tuple[Edition, ...] = ()) -> Done | str:
    """Have the shards built, if there are several, and join them."""
    count = bench.config.index.shards
    remove_folder(shards_folder(bench.edition))
    if not spread(SHARDS, bench, [[number] for number in range(count)], known):
        return STEPS["index"](bench, out, known)
    folder, reports = outputs(SHARDS, bench, run)[0].folder, []
    for number in range(count):
        reports.append(json.loads(shard_report(folder, number).read_text("utf-8")))
        for source, target in zip(*(shard_files(one, number, count) for one in (Edition(folder), out)), strict=True):
            source.replace(target)
    remove_folder(shards_folder(bench.edition))
    return join_index(bench, out, known, reports)


def _retrieve(spread: Spread, run: str, bench: Workbench, out: Edition) -> Done | str:
    """Have whole pages made, and assemble user_vectors and candidates; `_rerank` takes the rest."""
    remove_folder(pages_folder(bench.edition))
    rows = range(len(read_table(bench.edition.users, USERS)))
    if not spread(PAGES, bench, [rows[start : start + USERS_AT_ONCE] for start in rows[::USERS_AT_ONCE]]):
        return STEPS["retrieve"](bench, out)
    vectors, candidates, _ = map(_parts, outputs(PAGES, bench, run))
    return write_candidates(bench, out, zip(vectors, candidates, strict=True))


def _rerank(run: str, bench: Workbench, out: Edition) -> Done | str:
    folder = pages_folder(bench.edition)
    if not folder.is_dir():
        return STEPS["rerank"](bench, out)
    *_, ranked = outputs(PAGES, bench, run)
    made = {read_stamp(path)["arithmetic"] for path in ranked.folder.glob("*.arrow")}
    # Where workers differ in it, no later build takes this edition's scores over: nobody knows which are whose.
    known = bench.known_scores_in(", ".join(sorted(made)))
    line = write_ranked(bench, out, _parts(ranked), known)
    remove_folder(folder)
    return line


def _generate(spread: Spread, bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> Done | str:
    from broadsheet.generate.stories.edition_stories import stories_to_write

    # An endpoint is waited for, which one process does as well as many, and its budget is then that of the night.
    if bench.config.generate.runs_here:
        ranked, news = read_table(bench.edition.ranked, RANKED), read_table(bench.edition.news, NEWS)
        write = story_writer(bench, bench.config.generate.stories)
        interest = interests_in(bench, read_table(bench.edition.users, USERS))
        blocks = stories_to_write(write, ranked, news, out.stories, known=known, interest=interest)
        budget, stop = story_budget(bench, out), stop_file(bench.edition)
        stop.unlink(missing_ok=True)  # of a killed build

        def count(answer: Mapping[str, Any]) -> None:
            budget.count(answer["tokens"])
            if budget.is_spent():
                stop.touch()

        if not budget.is_spent():
            spread(GENERATE, bench, blocks, heed=count)
    return STEPS["generate"](bench, out, known)


def _parts(output: Output) -> Iterator[pa.Table]:
    """Yield the parts of a table in their order."""
    for path in sorted(output.folder.glob("*.arrow"), key=lambda path: int(path.stem)):
        yield read_table(path, output.schema, **output.stamp)


def _spread(
    size: int,
    run: str,
    stage: str,
    bench: Workbench,
    blocks: Sequence[Sequence[int]],
    known: tuple[Edition, ...] = (),
    heed: Heed = lambda answer: None,
) -> bool:
    """Have `size` workers write the parts of a stage; a single block is not worth starting them."""
    if len(blocks) < 2:
        return False
    first = first_free_number(outputs(stage, bench, run)[0].folder)
    together = max(1, min(BLOCKS_PER_PART, len(blocks) // (size * PARTS_PER_WORKER)))
    tasks: list[Task] = [
        {"part": first + number, "blocks": [list(rows) for rows in blocks[start : start + together]]}
        for number, start in enumerate(range(0, len(blocks), together))
    ]
    for answer in track(_ask(stage, run, bench, tasks, size, known=known), f"Ray: {stage}, parts", total=len(tasks)):
        _raise_problem(answer)
        heed(answer)
    return True


def _ask(
    stage: str, run: str, bench: Workbench, tasks: list[Task], size: int, *, known: tuple[Edition, ...]
) -> Iterator[dict[str, Any]]:
    """Yield the workers' answers as they come."""
    import ray
    from ray.data import ActorPoolStrategy

    newsroom, edition = Newsroom(bench.newsroom.path.resolve()), Edition(bench.edition.path.resolve())
    known = tuple(Edition(one.path.resolve()) for one in known)
    earlier = tuple(path.resolve() for path in bench.earlier_rankings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*ray_remote_args")  # there is no other way to bound the tries yet
        answers = ray.data.from_items(tasks, override_num_blocks=len(tasks)).map_batches(
            Worker,
            fn_constructor_args=(stage, run, newsroom, edition, bench.config, bench.as_of, known, earlier),
            batch_size=None,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=min(size, len(tasks)), max_tasks_in_flight_per_actor=1),
            num_cpus=1,
            max_task_retries=TRIES - 1,
        )
    try:
        yield from answers.iter_rows()
    except ray.exceptions.RayError as error:
        raise NewsroomError(
            f"{edition.path}: Ray's workers could not end the stage {stage} ({_last_line(error)}). Nothing was "
            "published; build again to go on. Workers that die again and again mostly lack memory."
        ) from error


def _last_line(error: Exception) -> str:
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)


def _raise_problem(answer: Mapping[str, Any]) -> None:
    """Raise what a worker met as it would have been raised here."""
    if not answer["problem"]:
        return
    if answer["number"]:
        raise OSError(answer["number"], os.strerror(answer["number"]), answer["problem"])
    raise getattr(errors, answer["kind"], BroadsheetError)(answer["problem"])
