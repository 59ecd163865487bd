"""The stages of a build on files: each reads tables, calls its stage and writes tables. Each can be run alone, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.given import require_outside
from broadsheet.nightly.digest_stage import digest
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import index
from broadsheet.nightly.stage import Stage, StageReport
from broadsheet.progress import track
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Integers
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.schemas import CANDIDATES, NEWS, RANKED, USERS, user_vectors
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.ranking import known_scores, rank, rerank_readers, retrieve_readers
from broadsheet.workbench.story_writing import interests_of_users, story_budget, story_writer
from broadsheet.workbench.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores

USERS_AT_ONCE = 96
"""Users whose candidates are retrieved, or re-ranked, in one call: enough to share its cost, few enough for memory."""


def encode(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write news_vectors; an earlier vector is taken over if the article's text and the model are the same."""
    from broadsheet.retrieval import encode_news

    tower = bench.models.news_tower
    news = read_table(bench.data.edition.news, NEWS)
    known = earlier.news_vectors
    report = encode_news(
        news, out.news_vectors, tower, dim=tower.dim, fingerprint=tower.fingerprint, earlier=known, text=tower.text
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
    return StageReport(f"{', '.join(said)}: {why}", counts)


def retrieve(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write user_vectors and candidates for the edition's users; nothing earlier is taken over."""
    del earlier
    from broadsheet.models.threads import in_order

    def found(block: pa.Table) -> tuple[pa.Table, pa.Table]:
        return retrieve_readers(bench, _states(bench, block), bench.data.as_of)

    _ = bench.retriever  # before several threads ask for it
    blocks = _blocks(read_table(bench.data.edition.users, USERS), "Retrieving for users")
    return write_candidates(bench, out, in_order(found, blocks, _threads(bench)))


def write_candidates(bench: Workbench, out: Edition, blocks: Iterable[tuple[pa.Table, pa.Table]]) -> StageReport:
    """Write user_vectors and candidates; `blocks` yields both tables for each block of users, in the users' order."""
    model = bench.models.news_tower.fingerprint
    found = 0
    with (
        open_writer(out.user_vectors, user_vectors(bench.models.news_tower.dim), model=model) as vector_writer,
        open_writer(out.candidates, CANDIDATES, model=model) as candidate_writer,
    ):
        for vectors, candidates in blocks:
            vector_writer.write(vectors)
            candidate_writer.write(candidates)
            found += len(candidates)
    users = len(read_table(bench.data.edition.users, USERS))
    return StageReport(f"{found} candidates for {users} users", {"users": users, "candidates": found})


def rerank(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write ranked for the edition's users and candidates.

    A score of the cross-encoder is taken over from an earlier table if the cross-encoder read the same pair of texts.
    """
    users = read_table(bench.data.edition.users, USERS)
    candidates = read_table(bench.data.edition.candidates, CANDIDATES, model=bench.models.news_tower.fingerprint)
    known = known_scores(bench.models.scorer, earlier.ranked)
    return write_ranked(bench, out, _rank_blocks(bench, users, candidates, known), known)


def write_ranked(bench: Workbench, out: Edition, blocks: Iterable[pa.Table], known: EarlierScores) -> StageReport:
    """Write ranked; `blocks` yields the rankings of each block of users, in the users' order.

    `known` are the earlier scores of the cross-encoder, for the stamp of the table and for the report.
    """
    users = len(read_table(bench.data.edition.users, USERS))
    counts = Counter(users=users, ranked=0, scored=0, reused=0)
    with open_writer(out.ranked, RANKED, **known.stamp) as writer:
        for table in blocks:
            writer.write(table)
            counts["ranked"] += len(table)
            for batch in table.to_batches():
                counts.update(known.count(batch))
    return StageReport(f"{counts['ranked']} articles ranked for {users} users{known.describe(counts)}", dict(counts))


def generate(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write stories for the edition's rankings, and for the page that new readers get.

    A text is taken over from an earlier table if the article, the reader's interest and the model are the same.
    """
    from broadsheet.generate import generate_files

    stories = bench.models.config.generate.stories
    writer, newcomers = story_writer(bench.models, stories), page_of_new_readers(bench, stories)
    interest, budget = (
        interests_of_users(bench.data, bench.models, read_table(bench.data.edition.users, USERS)),
        story_budget(bench.models, out.stories),
    )
    made = generate_files(
        writer,
        bench.data.edition,
        out.stories,
        known=earlier.stories,
        interest=interest,
        budget=budget,
        newcomers=newcomers,
    )
    if bench.models.writer is not None:
        bench.models.writer.warn()
    return StageReport(made.line, made.counts)


STAGES: dict[str, Stage] = {
    "encode": encode,
    "index": index,
    "retrieve": retrieve,
    "rerank": rerank,
    "generate": generate,
    "digest": digest,
}
"""The stages by name, in the order of a build."""


def local_engine() -> AbstractContextManager[Mapping[str, Stage]]:
    """Run every stage in this process."""
    return nullcontext(STAGES)


def run_stage(newsroom: Newsroom, name: str, out: Path) -> str:
    """Run one stage over the current edition's files and write its tables to the folder `out`; returns what it did.

    The tables equal the build's up to rounding, which depends on the texts that share a batch. Raises InputError for
    an unknown stage, and for a folder among the newsroom's editions, whose files never change.
    """
    if name not in STAGES:
        raise InputError(f"stage: found {name!r}, expected one of {', '.join(STAGES)}.")
    require_outside(newsroom, out)
    edition = newsroom.current()
    as_of = datetime.fromisoformat(edition.read_manifest()["as_of"])
    out.mkdir(parents=True, exist_ok=True)
    bench = open_workbench(EditionModels(newsroom, newsroom.config()), edition, as_of)
    return STAGES[name](bench, Edition(out), Earlier()).line


def page_of_new_readers(bench: Workbench, k: int) -> pa.Table:
    """Return the RANKED table of a reader of whom nothing is known, with an empty user_id."""
    unknown = ReaderState({"user_id": "", "history": [], "profile": "", "hidden": []}, [])
    return rank(bench, [unknown], bench.data.as_of, k).ranked


def _states(bench: Workbench, users: pa.Table) -> list[ReaderState]:
    return bench.readers(users, bench.data.readers.mutes())


def _blocks(users: pa.Table, what: str) -> Iterator[pa.Table]:
    starts = range(0, len(users), USERS_AT_ONCE)
    for start in track(starts, what, total=len(users), weight=USERS_AT_ONCE):
        yield users.slice(start, USERS_AT_ONCE)


def _rank_blocks(bench: Workbench, users: pa.Table, candidates: pa.Table, known: EarlierScores) -> Iterator[pa.Table]:
    from broadsheet.models.threads import in_order

    def offered() -> Iterator[tuple[pa.Table, pa.Table]]:
        ends, done, start = np.cumsum(_rows_per_user(users, candidates)), 0, 0
        for block in _blocks(users, "Ranking for users"):
            done += len(block)
            end = int(ends[done - 1])
            yield block, candidates.slice(start, end - start)
            start = end

    def ranked(both: tuple[pa.Table, pa.Table]) -> pa.Table:
        return rerank_readers(bench, _states(bench, both[0]), both[1], earlier=known)

    _ = bench.reranker  # before several threads ask for it
    # A cross-encoder takes all cores by itself.
    yield from in_order(ranked, offered(), 1 if bench.models.scorer else _threads(bench))


def _threads(bench: Workbench) -> int:
    """Return how many blocks of readers are worked on at once: a site's own functions need not bear several threads."""
    import torch

    own = bench.models.own
    return 1 if own.signals or own.sources or own.reranker else torch.get_num_threads()


def _rows_per_user(users: pa.Table, candidates: pa.Table) -> Integers:
    """Return the number of candidates of each user (users,)."""
    found = candidates.column("user_id").value_counts()
    places = pc.fill_null(pc.index_in(users.column("user_id"), value_set=found.field("values")), -1)
    counts = np.append(np.asarray(found.field("counts"), np.int64), 0)  # the last is of users without candidates
    of_users: Integers = counts[np.asarray(places)]
    return of_users
