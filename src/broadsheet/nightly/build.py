"""The nightly build: a new edition from the corpus, published whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import GateError, InputError, NewsroomError, join_problems
from broadsheet.live.events.archive import archive_events
from broadsheet.live.events.held import held_events
from broadsheet.live.events.store import open_events
from broadsheet.live.late_texts import begin_night, write_at_night
from broadsheet.models.loading import folder_fingerprint
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.clock import ignored_by_clock, read_clock
from broadsheet.newsroom.given import given_ids, given_newsroom
from broadsheet.newsroom.journal import CARRIED, Journal, carried_by, read_withdrawn
from broadsheet.nightly.edition_gate import Verdict, judge
from broadsheet.nightly.edition_start import full_disk_named, start_edition
from broadsheet.nightly.expiry import expire
from broadsheet.nightly.forgetting.night import begin_forgetting, end_forgetting
from broadsheet.nightly.last_day import last_day_counts
from broadsheet.nightly.run_stages import StageReports, event_of, run_stages, tell
from broadsheet.nightly.stage import Engine, Record
from broadsheet.nightly.stages import STAGES, local_engine
from broadsheet.nightly.verify import check_edition
from broadsheet.own_parts import OwnParts
from broadsheet.progress import Say, silent, still_at_work
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import CLICKS, NEWS, USERS
from broadsheet.text import without_password
from broadsheet.version import __version__
from broadsheet.workbench.languages import READS, choose_encoder, for_manifest
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.ordered import ordered_at_night
from broadsheet.workbench.workbench import Workbench, open_workbench


def build(
    newsroom: Newsroom | str | Path,
    users: str | Iterable[str] = "active",
    say: Say = silent,
    record: Record = silent,
    engine: Engine = local_engine,
    own: OwnParts | None = None,
) -> Edition:
    """Build and publish an edition of a newsroom, or of the newsroom in a folder, for `users`.

    `users` is "active", "all", or user ids, as a list or whatever yields them.
    `say` gets a line for each stage, and `record` a dictionary for each stage: time, stage, what, seconds and counts.
    `engine` opens what runs the stages: this process, or `nightly.ray.engine.ray_engine`.
    `own` are parts of the site's own beside those that the config names.
    Raises NewsroomError if another build is at work, if the disk is full, or if the edition does not pass its checks;
    GateError if the edition is kept back because a figure of the gate is out of bounds; InputError for an unknown
    user, or for a `newsroom` that is no path. In each of these cases readers keep the current edition.
    """
    newsroom = given_newsroom(newsroom)
    users = users if isinstance(users, str) else given_ids(users, "users")
    newsroom.require()
    config = ordered_at_night(newsroom, newsroom.config())
    with newsroom.lock(), full_disk_named(newsroom):
        started = time.perf_counter()
        forgetting = begin_forgetting(newsroom, say)
        edition = start_edition(newsroom, say)
        as_of = read_clock(config.clock, edition.news, edition.clicks)
        _say_clock(config.clock, edition, as_of, say)
        expired = expire(edition, config.articles, as_of, datetime.now(UTC))
        if len(expired):
            say(f"articles: {len(expired)} past their age limit, or expired, were left out of the edition")
        reads = choose_encoder(newsroom, config, read_table(edition.news, NEWS))
        if reads.why:
            say(reads.why)
        bench = open_workbench(EditionModels(newsroom, config, own or OwnParts(), reads), edition, as_of)
        if notice := bench.models.licence_notice():
            say(notice)
        chosen = _choose(bench, users)
        if users == "active" and not chosen:
            _say_no_reader(edition, config.active_days, as_of, say)
        write_table(edition.users, bench.data.readers.audience.state(chosen, as_of), USERS)
        stages = run_stages(bench, edition, tuple(STAGES), say, record, engine)
        if line := write_at_night(bench, stages.reports["generate"].counts):
            say(f"late texts: {line}")
        users_are = users if isinstance(users, str) else "list"
        with still_at_work("check", say):
            verdict, stages.events["check"] = _check(newsroom, bench, expired, users_are, say, record)
        manifest = _manifest(bench, users_are, stages, len(expired)) | verdict.for_manifest(config.gate)
        done = newsroom.complete(manifest | {"total_seconds": round(time.perf_counter() - started, 3)})
        if not verdict.reasons:
            newsroom.point_to(done)
            begin_night(newsroom, done.name)
        Journal(newsroom).remove_carried()
        with closing(open_events(newsroom, config)) as store:
            archive_events(newsroom, store, min(held_events(one.clicks) for one in newsroom.editions()))
        end_forgetting(newsroom, forgetting, say)
        say(f"{'kept back' if verdict.reasons else 'published'} {done.name}")
        record(event_of("kept" if verdict.reasons else "published", done.name, time.perf_counter() - started, {}))
        if verdict.reasons:
            raise GateError(
                f"{done.path}: kept and not published: {join_problems(verdict.reasons)}. The current edition stays. "
                f"Find out why; to publish the edition all the same, run "
                f"`broadsheet publish {newsroom.path} {done.name}`."
            )
        return done


def _say_clock(clock: str, edition: Edition, as_of: datetime, say: Say) -> None:
    if ignored := ignored_by_clock(clock, edition.news, edition.clicks):
        say(
            f"clock: {as_of:%Y-%m-%d %H:%M} UTC; {ignored} times of articles or clicks do not set it, since they are "
            "far later than all others or in the future"
        )


def _say_no_reader(edition: Edition, days: float, as_of: datetime, say: Say) -> None:
    if edition.clicks.is_file() and len(read_table(edition.clicks, CLICKS)):
        say(
            f"readers: no reader clicked in the {days:g} days before {as_of:%Y-%m-%d}, so the edition has no reader's "
            'page. If the articles are an archive, set clock = "latest" in broadsheet.toml'
        )


def _choose(bench: Workbench, users: str | Sequence[str]) -> list[str]:
    if users == "all":
        return bench.data.readers.audience.all()
    if users == "active":
        return bench.data.readers.audience.active(bench.data.as_of, bench.models.config.active_days)
    if isinstance(users, str):
        raise InputError(f"users: found {users!r}, expected 'active', 'all' or a list of user ids.")
    if not users:
        raise InputError("users: found an empty list, expected 'active', 'all' or at least one user id.")
    unknown = [user_id for user_id in users if user_id not in bench.data.readers.audience]
    if unknown:
        raise InputError(f"users: {len(unknown)} unknown, such as {unknown[0]!r}. Import them, or leave them out.")
    return list(dict.fromkeys(users))


def _check(
    newsroom: Newsroom, bench: Workbench, expired: pa.Array, users: str, say: Say, record: Record
) -> tuple[Verdict, dict[str, Any]]:
    """Check a complete edition and judge it by the gate's bounds; returns the verdict and the stage's line of the log.

    `expired` are the ids of the articles that were left out for their age, `users` who the edition is for. Raises
    NewsroomError if a file of the edition is damaged, or if its tables disagree.
    """
    started = time.perf_counter()
    problems = check_edition(bench.data.edition, bench.models.news_tower.dim)
    if problems:
        raise NewsroomError(
            f"{bench.data.edition.path}: not published, {join_problems(problems)}. The current edition stays."
        )
    current = None
    with suppress(NewsroomError):
        current = newsroom.current()
    withdrawn = pa.array(list(read_withdrawn(newsroom)), pa.string())
    verdict = judge(bench.data, bench.models, bench.index, current, pa.concat_arrays([expired, withdrawn]), users)
    event = event_of("check", verdict.line(), time.perf_counter() - started, verdict.figures)
    tell(event, say, record)
    return verdict, event


def _manifest(bench: Workbench, users: str, stages: StageReports, expired: int) -> dict[str, Any]:
    config = bench.models.config
    counts = {
        "news": len(bench.data.catalogue),
        "users": len(read_table(bench.data.edition.users, USERS)),
        "expired": expired,
    }
    return {
        "manifest": 2,
        "broadsheet": __version__,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": bench.data.as_of.isoformat(),
        CARRIED: carried_by(bench.data.newsroom.news),
        "users": users,
        "counts": counts,
        "last_day": last_day_counts(bench.data.edition.clicks, bench.data.as_of),
        "models": {
            "encoder": bench.models.encoder,
            "news_tower": bench.models.news_tower.fingerprint,
            "user_tower": folder_fingerprint(bench.models.towers) if bench.models.towers else "",
            "fusion": folder_fingerprint(bench.data.newsroom.fusion) if bench.models.fusion else "",
            "attention": bench.models.attention.fingerprint if bench.models.attention else "",
            "cross_encoder": bench.models.scorer.fingerprint if bench.models.scorer else "",
            "writer": bench.models.writer.model if bench.models.writer else "",
        },
        READS: for_manifest(bench.models.reads),
        "own_parts": bench.models.own.described(),
        "seconds": {name: event["seconds"] for name, event in stages.events.items()},
        "stages": {name: {"what": event["what"], "counts": event["counts"]} for name, event in stages.events.items()},
        **{name: figure for report in stages.reports.values() for name, figure in report.figures.items()},
        "config": asdict(config) | {"events": without_password(config.events)},
    }
