"""Spreading the parts of a stage over Ray's workers, whose answers come back as the parts are written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from broadsheet import errors
from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.ray.worker import Task, Worker, outputs
from broadsheet.progress import silent, track
from broadsheet.tables.files import first_free_number
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
        earlier: Earlier,
        heed: Heed = silent,
    ) -> bool:
        """Workers take over shards of the index, and scores of the cross-encoder, from `earlier`."""


def spread_parts(
    size: int,
    run: str,
    stage: str,
    bench: Workbench,
    blocks: Sequence[Sequence[int]],
    earlier: Earlier,
    heed: Heed = silent,
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
    for answer in track(
        _ask(stage, run, bench, tasks, size, earlier=earlier), f"Ray: {stage}, parts", total=len(tasks)
    ):
        raise_problem(answer)
        heed(answer)
    return True


def _ask(
    stage: str, run: str, bench: Workbench, tasks: list[Task], size: int, *, earlier: Earlier
) -> Iterator[dict[str, Any]]:
    """Yield the workers' answers as they come."""
    import ray
    from ray.data import ActorPoolStrategy

    newsroom, edition = Newsroom(bench.data.newsroom.path.resolve()), Edition(bench.data.edition.path.resolve())
    # Workers import the site's own signals, sources and re-ranker by name, also those that were given in Python.
    config, as_of = replace(bench.models.config, own=bench.models.own.as_settings()), bench.data.as_of
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*ray_remote_args")  # there is no other way to bound the tries yet
        answers = ray.data.from_items(tasks, override_num_blocks=len(tasks)).map_batches(
            Worker,
            fn_constructor_args=(stage, run, newsroom, edition, config, as_of, earlier.resolved(), bench.models.reads),
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


def raise_problem(answer: Mapping[str, Any]) -> None:
    """Raise what a worker met as it would have been raised here."""
    if not answer["problem"]:
        return
    if answer["number"]:
        raise OSError(answer["number"], os.strerror(answer["number"]), answer["problem"])
    raise getattr(errors, answer["kind"], BroadsheetError)(answer["problem"])
