"""The nightly build: a new edition from the corpus, published whole or not at all."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from broadsheet.audience import read_clock
from broadsheet.config import Config
from broadsheet.corpus.absorb import absorb
from broadsheet.editions import not_reused
from broadsheet.errors import GateError, InputError, NewsroomError, join_problems
from broadsheet.expiry import expire
from broadsheet.gate import Verdict, judge
from broadsheet.journal import CARRIED, Journal, carried_by, read_withdrawn
from broadsheet.models import folder_fingerprint
from broadsheet.newsroom import Edition, Newsroom, remove_folder
from broadsheet.run_steps import Record, Report, event_of, run_steps, tell
from broadsheet.schemas import USERS
from broadsheet.steps import STEPS, Engine, local_engine
from broadsheet.tables import link_or_copy, read_table, write_table
from broadsheet.verify import check_edition
from broadsheet.version import __version__
from broadsheet.workbench import Workbench

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def build(
    newsroom: Newsroom,
    users: str | Sequence[str] = "active",
    report: Report = lambda line: None,
    record: Record = lambda event: None,
    engine: Engine = local_engine,
) -> Edition:
    """Build and publish an edition for `users`: "active", "all", or user ids.

    `report` gets a line for each stage, and `record` the same as a dictionary: time, stage, what, seconds and counts.
    `engine` runs the stages; see `broadsheet.engines`.
    Raises NewsroomError if another build is at work, if the disk is full, or if the edition does not pass its checks,
    GateError if it is out of bounds and therefore kept back, and InputError for an unknown user; readers keep the
    current edition in each of these cases.
    """
    newsroom.require()
    config = newsroom.config()
    with newsroom.lock(), _clear_disk_errors(newsroom):
        started = time.perf_counter()
        edition = _start(newsroom)
        as_of = read_clock(config.clock, edition.news, edition.clicks)
        expired = expire(edition, config.articles, as_of)
        if len(expired):
            report(f"articles: {len(expired)} beyond their age limit leave")
        bench = Workbench(newsroom, edition, config, as_of)
        chosen = _choose(bench, users)
        write_table(edition.users, bench.audience.state(chosen, as_of), USERS)
        stages = run_steps(bench, edition, tuple(STEPS), report, record, engine)
        verdict, stages["check"] = _check(newsroom, bench, expired, report, record)
        manifest = _manifest(bench, users, stages, len(expired)) | verdict.for_manifest(config.gate)
        done = newsroom.complete(manifest | {"total_seconds": round(time.perf_counter() - started, 3)})
        if not verdict.reasons:
            newsroom.point_to(done)
        Journal(newsroom).remove_carried()
        report(f"{'kept back' if verdict.reasons else 'published'} {done.name}")
        record(event_of("kept" if verdict.reasons else "published", done.name, time.perf_counter() - started, {}))
        if verdict.reasons:
            raise GateError(
                f"{done.path}: kept and not published: {join_problems(verdict.reasons)}. The current edition stays. "
                f"Find out why; if it is meant to be so, run `broadsheet publish {newsroom.path} {done.name}`."
            )
        return done


def prepare_vectors(newsroom: Newsroom, report: Report = lambda line: None, config: Config | None = None) -> Workbench:
    """Return a workbench with the corpus's vectors and index alone: enough to train and to measure, without publishing.

    The next build takes the vectors over. `config` stands in for that of the newsroom.
    """
    newsroom.require()
    config = newsroom.config() if config is None else config
    with newsroom.lock(), _clear_disk_errors(newsroom):
        edition = _start(newsroom)
        bench = Workbench(newsroom, edition, config, read_clock(config.clock, edition.news, edition.clicks))
        bench.looks_back = True
        run_steps(bench, edition, ("encode", "index"), report)
        _ = bench.retriever  # opens what it needs while no other build can move the folder
    return bench


def _start(newsroom: Newsroom) -> Edition:
    """Open the folder of the edition being built, with the corpus as it is now, and the journal in it."""
    absorb(newsroom)
    edition = newsroom.start_edition()
    for path in not_reused(edition):
        path.unlink() if path.is_file() else remove_folder(path)
    # Imports replace files and never change them, so the edition keeps what it has.
    link_or_copy(newsroom.news, edition.news)
    if newsroom.clicks.is_file():
        link_or_copy(newsroom.clicks, edition.clicks)
    return edition


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


def _check(
    newsroom: Newsroom, bench: Workbench, expired: pa.Array, report: Report, record: Record
) -> tuple[Verdict, dict[str, Any]]:
    """Check a complete edition and measure it against its bounds; raises NewsroomError if it is not sound."""
    started = time.perf_counter()
    problems = check_edition(bench.edition, bench.news_tower.dim)
    if problems:
        raise NewsroomError(
            f"{bench.edition.path}: not published, {join_problems(problems)}. The current edition stays."
        )
    current = None
    with suppress(NewsroomError):
        current = newsroom.current()
    withdrawn = pa.array(list(read_withdrawn(newsroom)), pa.string())
    verdict = judge(bench, current, pa.concat_arrays([expired, withdrawn]))
    event = event_of("check", verdict.line(), time.perf_counter() - started, verdict.figures)
    tell(event, report, record)
    return verdict, event


def _manifest(
    bench: Workbench, users: str | Sequence[str], stages: dict[str, dict[str, Any]], expired: int
) -> dict[str, Any]:
    config = bench.config
    counts = {"news": len(bench.catalogue), "users": len(read_table(bench.edition.users, USERS)), "expired": expired}
    return {
        "manifest": 2,
        "broadsheet": __version__,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": bench.as_of.isoformat(),
        CARRIED: carried_by(bench.newsroom.news),
        "users": users if isinstance(users, str) else "list",
        "counts": counts,
        "models": {
            "encoder": config.retrieval.encoder,
            "news_tower": bench.news_tower.fingerprint,
            "user_tower": folder_fingerprint(bench.towers) if bench.towers else "",
            "fusion": folder_fingerprint(bench.newsroom.fusion) if bench.fusion else "",
            "cross_encoder": bench.cross_encoder.fingerprint if bench.cross_encoder else "",
            "writer": bench.writer.model if bench.writer else "",
        },
        "seconds": {name: event["seconds"] for name, event in stages.items()},
        "stages": {name: {"what": event["what"], "counts": event["counts"]} for name, event in stages.items()},
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
