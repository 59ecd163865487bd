"""The nightly build: a new edition from the corpus, published whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet.audience import read_clock
from broadsheet.config import Config
from broadsheet.corpus.absorb import absorb
from broadsheet.errors import InputError, NewsroomError, join_problems
from broadsheet.journal import CARRIED, Journal, carried_by
from broadsheet.newsroom import Edition, Newsroom, remove_folder
from broadsheet.schemas import USERS
from broadsheet.steps import STEPS, Engine, Step, local_engine
from broadsheet.tables import read_table, write_table
from broadsheet.verify import check_edition
from broadsheet.version import __version__
from broadsheet.workbench import Workbench

Report = Callable[[str], None]

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
KEPT = ("news_vectors", "stories")
"""What a killed build leaves that the next one takes over: these files and the folders of their finished parts."""


def build(
    newsroom: Newsroom,
    users: str | Sequence[str] = "active",
    report: Report = lambda line: None,
    engine: Engine = local_engine,
) -> Edition:
    """Build and publish an edition for `users`: "active", "all", or user ids. `report` gets a line for each stage.

    `engine` runs the stages; see `broadsheet.engines`.

    Raises NewsroomError if another build is at work, if the disk is full, or if the edition does not pass its checks,
    and InputError for an unknown user; readers keep the current edition in each of these cases.
    """
    newsroom.require()
    config = newsroom.config()
    with newsroom.lock(), _clear_disk_errors(newsroom):
        edition = _start(newsroom)
        as_of = read_clock(config.clock, edition.news, edition.clicks)
        bench = Workbench(newsroom, edition, config, as_of)
        chosen = _choose(bench, users)
        write_table(edition.users, bench.audience.state(chosen, as_of), USERS)
        seconds = _run(bench, edition, tuple(STEPS), report, engine)
        problems = check_edition(edition, bench.news_tower.dim)
        if problems:
            raise NewsroomError(f"{edition.path}: not published, {join_problems(problems)}. The current edition stays.")
        published = newsroom.publish(_manifest(bench, users, seconds))
        Journal(newsroom).remove_carried()
        report(f"published {published.name}")
        return published


def prepare_vectors(newsroom: Newsroom, report: Report = lambda line: None, config: Config | None = None) -> Workbench:
    """Return a workbench with the corpus's vectors and index alone: enough to train and to measure, without publishing.

    The next build takes the vectors over. `config` stands in for that of the newsroom.
    """
    newsroom.require()
    config = newsroom.config() if config is None else config
    with newsroom.lock(), _clear_disk_errors(newsroom):
        edition = _start(newsroom)
        bench = Workbench(newsroom, edition, config, read_clock(config.clock, edition.news, edition.clicks))
        _run(bench, edition, ("encode", "index"), report)
        _ = bench.retriever  # opens what it needs while no other build can move the folder
    return bench


def _start(newsroom: Newsroom) -> Edition:
    """Open the folder of the edition being built, with the corpus as it is now, and the journal in it."""
    absorb(newsroom)
    edition = newsroom.start_edition()
    for path in edition.path.iterdir():
        if not path.name.startswith(KEPT):
            path.unlink() if path.is_file() else remove_folder(path)
    _snapshot(newsroom.news, edition.news)
    if newsroom.clicks.is_file():
        _snapshot(newsroom.clicks, edition.clicks)
    return edition


def _snapshot(source: Path, target: Path) -> None:
    """Link a corpus file into the edition: imports replace files and never change them, so it keeps what it had."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def _choose(bench: Workbench, users: str | Sequence[str]) -> list[str]:
    if users == "all":
        return bench.audience.all()
    if users == "active":
        return bench.audience.active(bench.as_of, bench.config.active_days)
    if isinstance(users, str):
        raise InputError(f"users: found {users!r}, expected 'active', 'all' or a list of user ids.")
    unknown = [user_id for user_id in users if user_id not in bench.audience]
    if unknown:
        raise InputError(f"users: {len(unknown)} unknown, such as {unknown[0]!r}. Import them, or leave them out.")
    return list(dict.fromkeys(users))


def _editions_to_reuse(newsroom: Newsroom) -> list[Edition]:
    """Return the editions to take work over from: what a killed build left, the newest, and the current one."""
    editions = [newsroom.building, *newsroom.editions()[-1:]]
    with suppress(NewsroomError):
        editions.append(newsroom.current())
    return list(dict.fromkeys(editions))


def _steps(newsroom: Newsroom, steps: Mapping[str, Step]) -> dict[str, Step]:
    """Return the stages, told where the work of earlier builds lies."""
    earlier = _editions_to_reuse(newsroom)
    vectors = tuple(edition.news_vectors for edition in earlier if edition.news_vectors.is_file())
    vectors += tuple(entry.path for entry in Journal(newsroom).entries() if entry.kind == "add")
    stories = tuple(edition.stories for edition in earlier if edition.stories.is_file())
    whole = tuple(edition for edition in earlier if edition.manifest.is_file())
    told = {
        "encode": partial(steps["encode"], known=vectors),
        "index": partial(steps["index"], known=whole),
        "generate": partial(steps["generate"], known=stories),
    }
    return {**steps, **told}


def _run(
    bench: Workbench, edition: Edition, names: Sequence[str], report: Report, engine: Engine = local_engine
) -> dict[str, float]:
    seconds: dict[str, float] = {}
    with engine() as ready:
        steps = _steps(bench.newsroom, ready)
        for name in names:
            started = time.perf_counter()
            line = steps[name](bench, edition)
            seconds[name] = round(time.perf_counter() - started, 3)
            report(f"{name}: {line} ({seconds[name]:.1f} s)")
    return seconds


def _manifest(bench: Workbench, users: str | Sequence[str], seconds: dict[str, float]) -> dict[str, Any]:
    config = bench.config
    return {
        "manifest": 1,
        "broadsheet": __version__,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": bench.as_of.isoformat(),
        CARRIED: carried_by(bench.edition.news),
        "users": users if isinstance(users, str) else "list",
        "counts": {"news": len(bench.catalogue), "users": len(read_table(bench.edition.users, USERS))},
        "models": {
            "encoder": config.retrieval.encoder,
            "news_tower": bench.news_tower.fingerprint,
            "cross_encoder": bench.cross_encoder.fingerprint if bench.cross_encoder else "",
            "writer": bench.writer.model if bench.writer else "",
        },
        "seconds": seconds,
        **bench.figures,
        "config": asdict(config),
    }


@contextmanager
def _clear_disk_errors(newsroom: Newsroom) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # FAISS raises RuntimeError for what its file layer cannot write
        if getattr(error, "errno", None) in NO_SPACE or "No space left" in str(error) or "File too large" in str(error):
            free = shutil.disk_usage(newsroom.path).free
            raise NewsroomError(
                f"{newsroom.path}: the disk is full ({free >> 20} MiB free; {error}). Nothing was published and the "
                "current edition stays. Free some space and build again: what was encoded and written is kept."
            ) from error
        raise
