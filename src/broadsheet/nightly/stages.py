"""The file face of each stage: read, call, write. The build runs them in order, and each can be run alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from broadsheet.errors import InputError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.digest_stage import digest
from broadsheet.nightly.index_stage import index
from broadsheet.nightly.stage import Done, Step
from broadsheet.progress import track
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.schemas import CANDIDATES, NEWS, RANKED, USERS, user_vectors
from broadsheet.workbench.ranking import rank_block, retrieve_block
from broadsheet.workbench.story_writing import interests_in, story_budget, story_writer
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder.earlier_scores import KnownScores

USERS_AT_ONCE = 64


def encode(bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> Done:
    """Write news_vectors; vectors of `known` files are taken over where the article and the model are the same."""
    from broadsheet.retrieval import encode_news

    tower = bench.news_tower
    news = read_table(bench.edition.news, NEWS)
    report = encode_news(
        news, out.news_vectors, tower, dim=tower.dim, fingerprint=tower.fingerprint, known=known, text=tower.text
    )
    new = report.encoded - report.changed
    whence = sorted({path.parent.name for path in known})
    said = [f"{report.encoded} articles encoded", f"{report.reused} taken over"]
    if report.reused:
        said[1] += f" from {' and '.join(whence)}" if whence else ""
        why = f"{new} new, {report.changed} changed text" if report.encoded else "nothing changed"
    else:
        why = f"all again: {', '.join(report.refused)}" if report.refused else "nothing to take over"
    counts = {"encoded": report.encoded, "new": new, "changed": report.changed, "reused": report.reused}
    return Done(f"{', '.join(said)}: {why}", counts)


def retrieve(bench: Workbench, out: Edition) -> Done:
    """Write user_vectors and candidates for the edition's users."""
    blocks = _blocks(read_table(bench.edition.users, USERS), "Retrieving for users")
    return write_candidates(bench, out, (retrieve_block(bench, block) for block in blocks))


def write_candidates(bench: Workbench, out: Edition, blocks: Iterable[tuple[pa.Table, pa.Table]]) -> Done:
    """Write user_vectors and candidates from those of each block of users, in the order of the users."""
    model = bench.news_tower.fingerprint
    found = 0
    with (
        open_writer(out.user_vectors, user_vectors(bench.news_tower.dim), model=model) as vector_writer,
        open_writer(out.candidates, CANDIDATES, model=model) as candidate_writer,
    ):
        for vectors, candidates in blocks:
            vector_writer.write(vectors)
            candidate_writer.write(candidates)
            found += len(candidates)
    users = len(read_table(bench.edition.users, USERS))
    return Done(f"{found} candidates for {users} users", {"users": users, "candidates": found})


def rerank(bench: Workbench, out: Edition) -> Done:
    """Write ranked for the edition's users and candidates."""
    users = read_table(bench.edition.users, USERS)
    candidates = read_table(bench.edition.candidates, CANDIDATES, model=bench.news_tower.fingerprint)
    return write_ranked(bench, out, _rank_blocks(bench, users, candidates), bench.known_scores)


def write_ranked(bench: Workbench, out: Edition, blocks: Iterable[pa.Table], known: KnownScores) -> Done:
    """Write ranked from the rankings of each block of users, in the order of the users; `known` was taken over."""
    users = len(read_table(bench.edition.users, USERS))
    counts = Counter(users=users, ranked=0, scored=0, reused=0)
    with open_writer(out.ranked, RANKED, **known.stamp) as writer:
        for table in blocks:
            writer.write(table)
            counts["ranked"] += len(table)
            for batch in table.to_batches():
                counts.update(known.count(batch))
    return Done(f"{counts['ranked']} articles ranked for {users} users{known.describe(counts)}", dict(counts))


def generate(bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> str:
    """Write stories for the edition's rankings; texts of `known` files are taken over where article and model agree."""
    from broadsheet.generate import generate_files

    writer = story_writer(bench, bench.config.generate.stories)
    interest, budget = interests_in(bench, read_table(bench.edition.users, USERS)), story_budget(bench, out)
    line: str = generate_files(writer, bench.edition, out.stories, known=known, interest=interest, budget=budget)
    if bench.writer is not None:
        bench.writer.warn()
    return line


STEPS: dict[str, Step] = {
    "encode": encode,
    "index": index,
    "retrieve": retrieve,
    "rerank": rerank,
    "generate": generate,
    "digest": digest,
}
"""The stages in order."""


def local_engine() -> AbstractContextManager[Mapping[str, Step]]:
    """Run every stage in this process."""
    return nullcontext(STEPS)


def run_stage(newsroom: Newsroom, name: str, out: Path) -> str:
    """Run one stage over the current edition's files and write its tables to the folder `out`; returns what it did.

    The tables are those that the build wrote, but for the rounding of batches of another make-up. Raises InputError for
    an unknown stage, or for a folder inside an edition, whose files never change.
    """
    if name not in STEPS:
        raise InputError(f"stage: found {name!r}, expected one of {', '.join(STEPS)}.")
    if out.resolve().is_relative_to(newsroom.editions_folder.resolve()):
        raise InputError(f"--out {out}: it lies among the editions, whose files never change. Name another folder.")
    edition = newsroom.current()
    as_of = datetime.fromisoformat(edition.read_manifest()["as_of"])
    out.mkdir(parents=True, exist_ok=True)
    return str(STEPS[name](Workbench(newsroom, edition, newsroom.config(), as_of), Edition(out)))


def _blocks(users: pa.Table, what: str) -> Iterator[pa.Table]:
    starts = range(0, len(users), USERS_AT_ONCE)
    for start in track(starts, what, total=len(users), weight=USERS_AT_ONCE):
        yield users.slice(start, USERS_AT_ONCE)


def _rank_blocks(bench: Workbench, users: pa.Table, candidates: pa.Table) -> Iterator[pa.Table]:
    lengths, start = _rows_per_user(users, candidates), 0
    for block in _blocks(users, "Ranking for users"):
        size = sum(lengths[user_id] for user_id in block.column("user_id").to_pylist())
        yield rank_block(bench, block, candidates.slice(start, size))
        start += size


def _rows_per_user(users: pa.Table, candidates: pa.Table) -> dict[str, int]:
    counts = dict.fromkeys(users.column("user_id").to_pylist(), 0)
    for entry in candidates.column("user_id").value_counts().to_pylist():
        counts[entry["values"]] = entry["counts"]
    return counts
