"""The stages under Ray: workers write parts of an edition's tables, and the local stages take them over.

Encoding, the readers' pages and the stories are cut into the blocks that the local engine works in, and an index of
several shards into these; Ray Data gives them to actors that hold the models (`worker`). What the workers write are
files beside those of the edition, on a file system that all machines see; through Ray go names and row numbers alone.
The tables are then assembled by the local engine's own code, so they are the same, and a worker that dies costs the
part it was at.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pyarrow as pa

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import join_index, shard_files
from broadsheet.nightly.ray.cluster import cluster, require_ray
from broadsheet.nightly.ray.spread import Spread, spread_parts
from broadsheet.nightly.ray.worker import (
    ENCODE,
    GENERATE,
    PAGES,
    SHARDS,
    Output,
    outputs,
    pages_folder,
    shard_report,
    shards_folder,
    stop_file,
)
from broadsheet.nightly.stage import Engine, Stage, StageReport
from broadsheet.nightly.stages import STAGES, USERS_AT_ONCE, page_of_new_readers, write_candidates, write_ranked
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.schemas import NEWS, RANKED, USERS
from broadsheet.workbench.ranking import known_scores
from broadsheet.workbench.story_writing import interests_of_users, story_budget, story_writer
from broadsheet.workbench.workbench import Workbench


def ray_engine(address: str | None = None, workers: int | None = None) -> Engine:
    """Return the engine that runs on the Ray cluster at `address`, else on `workers` local workers, one a core.

    Raises InputError where Ray is not installed and, when a build begins, where no cluster answers at the address.
    """
    require_ray()
    return partial(_started, address, workers)


@contextmanager
def _started(address: str | None, workers: int | None) -> Iterator[Mapping[str, Stage]]:
    run = secrets.token_hex(4)
    with cluster(address, workers) as size:
        yield _stages(partial(spread_parts, size, run), run)


def _stages(spread: Spread, run: str) -> dict[str, Stage]:
    return STAGES | {
        "encode": partial(_encode, spread),
        "index": partial(_index, spread, run),
        "retrieve": partial(_retrieve, spread, run),
        "rerank": partial(_rerank, run),
        "generate": partial(_generate, spread),
    }


def _encode(spread: Spread, bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    from broadsheet.retrieval.towers.encoding import articles_to_encode

    tower, known = bench.models.news_tower, earlier.news_vectors
    news = read_table(bench.data.edition.news, NEWS)
    blocks = articles_to_encode(news, out.news_vectors, dim=tower.dim, fingerprint=tower.fingerprint, earlier=known)
    if not spread(ENCODE, bench, blocks, earlier):
        return STAGES["encode"](bench, out, earlier)
    STAGES["encode"](bench, out, earlier)
    encoded = sum(map(len, blocks))
    counts = {"encoded": encoded, "reused": len(news) - encoded}
    return StageReport(f"{encoded} articles encoded, {len(news) - encoded} taken over", counts)


def _index(spread: Spread, run: str, bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Have the shards built, if there are several, and join them."""
    count = bench.models.config.index.shards
    remove_folder(shards_folder(bench.data.edition))
    if not spread(SHARDS, bench, [[number] for number in range(count)], earlier):
        return STAGES["index"](bench, out, earlier)
    folder, reports = outputs(SHARDS, bench, run)[0].folder, []
    for number in range(count):
        reports.append(json.loads(shard_report(folder, number).read_text("utf-8")))
        for source, target in zip(*(shard_files(one, number, count) for one in (Edition(folder), out)), strict=True):
            source.replace(target)
    remove_folder(shards_folder(bench.data.edition))
    return join_index(bench, out, earlier.indexes, reports)


def _retrieve(spread: Spread, run: str, bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Have whole pages made, and assemble user_vectors and candidates; `_rerank` takes the rest."""
    remove_folder(pages_folder(bench.data.edition))
    rows = range(len(read_table(bench.data.edition.users, USERS)))
    blocks = [rows[start : start + USERS_AT_ONCE] for start in rows[::USERS_AT_ONCE]]
    if not spread(PAGES, bench, blocks, earlier):
        return STAGES["retrieve"](bench, out, earlier)
    vectors, candidates, _ = map(_parts, outputs(PAGES, bench, run))
    return write_candidates(bench, out, zip(vectors, candidates, strict=True))


def _rerank(run: str, bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    folder = pages_folder(bench.data.edition)
    if not folder.is_dir():
        return STAGES["rerank"](bench, out, earlier)
    *_, ranked = outputs(PAGES, bench, run)
    made = {read_stamp(path)["arithmetic"] for path in ranked.folder.glob("*.arrow")}
    # If workers computed with different arithmetic, the table names all kinds, and no later build takes its scores
    # over: no row says which worker scored it.
    known = known_scores(bench.models.scorer, earlier.ranked, ", ".join(sorted(made)))
    report = write_ranked(bench, out, _parts(ranked), known)
    remove_folder(folder)
    return report


def _generate(spread: Spread, bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    from broadsheet.generate.stories.edition_stories import stories_to_write, write_trial

    # An endpoint is waited for, which one process does as well as many, and its budget is then that of the night. A
    # writer of the site's own is called by one process too: nobody knows what several calls at a time would do.
    if bench.models.config.generate.runs_here and bench.models.own.writer is None:
        write = story_writer(bench.models, bench.models.config.generate.stories)
        interest = interests_of_users(bench.data, bench.models, read_table(bench.data.edition.users, USERS))
        budget, stop = story_budget(bench.models, out.stories), stop_file(bench.data.edition)
        stop.unlink(missing_ok=True)  # of a killed build
        known, newcomers = earlier.stories, page_of_new_readers(bench, write.k)
        write_trial(
            write,
            bench.data.edition,
            out.stories,
            known=known,
            interest=interest,
            budget=budget,
            newcomers=newcomers,
        )
        ranked, news = read_table(bench.data.edition.ranked, RANKED), read_table(bench.data.edition.news, NEWS)
        blocks = stories_to_write(write, ranked, news, out.stories, known=known, interest=interest)

        def count(answer: Mapping[str, Any]) -> None:
            budget.count(answer["tokens"])
            if budget.is_spent():
                stop.touch()

        if not budget.is_spent():
            spread(GENERATE, bench, blocks, earlier, heed=count)
    return STAGES["generate"](bench, out, earlier)


def _parts(output: Output) -> Iterator[pa.Table]:
    """Yield the parts of a table in their order."""
    for path in sorted(output.folder.glob("*.arrow"), key=lambda path: int(path.stem)):
        yield read_table(path, output.schema, **output.stamp)
