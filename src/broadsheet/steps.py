"""The file face of each stage: read, call, write. The build runs them in order, and each can be run alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from broadsheet.errors import InputError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.progress import track
from broadsheet.schemas import CANDIDATES, NEWS, RANKED, USERS, news_vectors, user_vectors
from broadsheet.tables import open_writer, read_table
from broadsheet.workbench import Workbench


class Done(NamedTuple):
    """What a stage did: a line for people, and the numbers in it by name."""

    line: str
    counts: dict[str, int]

    def __str__(self) -> str:
        return self.line


Step = Callable[[Workbench, Edition], Done | str]
"""Reads a workbench's edition, writes to another (in a build the same), and says what it did."""

USERS_AT_ONCE = 64


def encode(bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> Done:
    """Write news_vectors; vectors of `known` files are taken over where the article and the model are the same."""
    from broadsheet.retrieval import encode_news

    tower = bench.news_tower
    news = read_table(bench.edition.news, NEWS)
    report = encode_news(news, out.news_vectors, tower, dim=tower.dim, fingerprint=tower.fingerprint, known=known)
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


def index(bench: Workbench, out: Edition) -> str:
    """Write the FAISS index of the edition's news_vectors."""
    from broadsheet.index_build import build_index

    tower = bench.news_tower
    vectors = read_table(bench.edition.news_vectors, news_vectors(tower.dim), model=tower.fingerprint)
    limit = bench.config.index.exact_up_to
    kind = build_index(vectors, out.index, out.index_rows, model=tower.fingerprint, exact_up_to=limit)
    return f"{len(vectors)} vectors, {kind}"


def retrieve(bench: Workbench, out: Edition) -> Done:
    """Write user_vectors and candidates for the edition's users."""
    users = read_table(bench.edition.users, USERS)
    model = bench.news_tower.fingerprint
    found = 0
    vector_schema = user_vectors(bench.news_tower.dim)
    with (
        open_writer(out.user_vectors, vector_schema, model=model) as vector_writer,
        open_writer(out.candidates, CANDIDATES, model=model) as candidate_writer,
    ):
        for block in _blocks(users, "Retrieving for users"):
            vectors = bench.retriever.vectors(block)
            candidates = bench.retriever(block, vectors, bench.as_of)
            vector_writer.write(vectors)
            candidate_writer.write(candidates)
            found += len(candidates)
    return Done(f"{found} candidates for {len(users)} users", {"users": len(users), "candidates": found})


def rerank(bench: Workbench, out: Edition) -> Done:
    """Write ranked for the edition's users and candidates."""
    users = read_table(bench.edition.users, USERS)
    candidates = read_table(bench.edition.candidates, CANDIDATES, model=bench.news_tower.fingerprint)
    scorer = bench.cross_encoder
    ranked = 0
    start = 0
    lengths = _rows_per_user(users, candidates)
    with open_writer(out.ranked, RANKED, model=scorer.fingerprint if scorer else "") as writer:
        for block in _blocks(users, "Ranking for users"):
            size = sum(lengths[user_id] for user_id in block.column("user_id").to_pylist())
            table = bench.reranker(block, candidates.slice(start, size))
            writer.write(table)
            start, ranked = start + size, ranked + len(table)
    return Done(f"{ranked} articles ranked for {len(users)} users", {"users": len(users), "ranked": ranked})


def generate(bench: Workbench, out: Edition, known: tuple[Path, ...] = ()) -> str:
    """Write stories for the edition's rankings; texts of `known` files are taken over where article and model agree."""
    from broadsheet.generate import generate_files

    writer = bench.make_story_writer(bench.config.generate.stories)
    line: str = generate_files(writer, bench.edition, out.stories, known=known)
    return line


STEPS: dict[str, Step] = {
    "encode": encode,
    "index": index,
    "retrieve": retrieve,
    "rerank": rerank,
    "generate": generate,
}
"""The stages in order."""


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


def _rows_per_user(users: pa.Table, candidates: pa.Table) -> dict[str, int]:
    counts = dict.fromkeys(users.column("user_id").to_pylist(), 0)
    for entry in candidates.column("user_id").value_counts().to_pylist():
        counts[entry["values"]] = entry["counts"]
    return counts
