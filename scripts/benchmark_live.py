"""Measure how long it takes from the call of `add` or `withdraw` until a running pipeline's request shows it.

An article is searchable when a request whose interest vector is that of its text has it among the candidates; one is
withdrawn when such a request has it no longer. Each call is timed together with the first request after it, which puts
the change in force. With --articles the newsroom is widened first, in a temporary folder: real articles repeated under
other ids, each vector a mixture of two real ones with noise, and made-up clicks.

Example: python scripts/benchmark_live.py newsroom --articles 200000 --out benchmarks/results
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pyarrow as pa
import typer

if TYPE_CHECKING:
    from broadsheet.newsroom import Newsroom
    from broadsheet.pipeline import Pipeline
    from broadsheet.workbench.workbench import Workbench

DAYS, DAY = 30, 86_400_000_000
"""Over how many days articles and clicks are spread, and the microseconds of a day."""

Times = dict[str, list[float]]


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom; it is not changed.")],
    articles: Annotated[int, typer.Option(help="Articles to widen it to.", min=1)] = 200_000,
    clicks: Annotated[int, typer.Option(help="Clicks to make up, in thousands.", min=0)] = 1000,
    calls: Annotated[int, typer.Option(help="Calls of each kind.", min=1)] = 1000,
    out: Annotated[Path | None, typer.Option(help="Folder for live.json and live.md.")] = None,
) -> None:
    """Print milliseconds: the call, the first request after it, and both together."""
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.pipeline import Pipeline
    from broadsheet.tables.files import write_json, write_text

    with tempfile.TemporaryDirectory() as folder:
        room = widen(Newsroom(newsroom), Newsroom(Path(folder) / "newsroom"), articles, 1000 * clicks)
        pipeline = Pipeline.open(room.path)
        alone = [_request(pipeline, "", _vector(pipeline, 0), None) for _ in range(50)]
        late = [_late(pipeline, number) for number in range(calls)]
        added = _measure(pipeline, [one["news_id"] for one in late], lambda at: pipeline.add([late[at]]), there=True)
        old = pipeline.bench.catalogue.ids(np.arange(0, articles, articles // calls)[:calls]).to_pylist()
        gone = [ids[at % 2] for at, ids in enumerate(zip(old, [one["news_id"] for one in late], strict=True))]
        withdrawn = _measure(pipeline, gone, lambda at: pipeline.withdraw([gone[at]]), there=False)
        started = time.perf_counter()
        Pipeline.open(room.path)
        opened = time.perf_counter() - started
    rows = {"request alone": alone}
    rows |= {f"add: {name}": times for name, times in added.items()}
    rows |= {f"withdraw: {name}": times for name, times in withdrawn.items()}
    document = {**stamp(Path(__file__).parent), "articles": articles, "clicks": 1000 * clicks, "calls_of_each": calls}
    document["opened_with_the_journal_s"] = round(opened, 1)
    document["rows"] = {name: _row(times) for name, times in rows.items()}
    markdown = _markdown(document)
    print(markdown)
    if out:
        write_json(out / "live.json", document)
        write_text(out / "live.md", markdown)


def widen(source: Newsroom, target: Newsroom, size: int, clicks: int) -> Newsroom:
    """Publish an edition of `size` articles in `target`, its index made by the stage that a build runs."""
    from broadsheet.nightly.earlier import Earlier
    from broadsheet.nightly.index_stage import index
    from broadsheet.tables.arrow_files import write_table
    from broadsheet.tables.schemas import CANDIDATES, CLICKS, NEWS, RANKED, STORIES, USERS, news_vectors, user_vectors
    from broadsheet.tables.vectors import vectors_to_arrow
    from broadsheet.workbench.models import EditionModels
    from broadsheet.workbench.workbench import open_workbench

    with tempfile.TemporaryDirectory() as folder:
        bench = _encoded(source, Path(folder))
        tower, encoder = bench.news_tower, bench.config.retrieval.encoder
        rows = np.arange(size) % len(bench.catalogue)
        news = _renamed(bench.catalogue.news.take(pa.array(rows)).combine_chunks())
        columns = [
            news["news_id"],
            news["content_hash"],
            vectors_to_arrow(_mixed(bench.catalogue.vectors.whole(), rows)),
        ]
    target.path.mkdir()
    target.config_file.write_text(f'[retrieval]\nencoder = "{encoder}"\n[generate]\nwriter = ""\n', "utf-8")
    edition, model, dim = target.start_edition(), tower.fingerprint, tower.dim
    log = _clicks(news["news_id"].combine_chunks(), clicks)
    for place in (target, edition):
        write_table(place.news, news, NEWS)
        write_table(place.clicks, log, CLICKS)
    vectors = pa.table(columns, schema=news_vectors(dim))
    write_table(edition.news_vectors, vectors, news_vectors(dim), model=model)
    index(open_workbench(EditionModels(target, target.config()), edition), edition, Earlier())
    empty = {edition.users: USERS, edition.candidates: CANDIDATES, edition.ranked: RANKED, edition.stories: STORIES}
    for path, schema in {**empty, target.users: USERS, edition.user_vectors: user_vectors(dim)}.items():
        write_table(path, schema.empty_table(), schema, model=model)
    target.publish({"models": {"encoder": encoder, "news_tower": model}, "live": 0})
    return target


def _encoded(source: Newsroom, folder: Path) -> Workbench:
    """Return the newsroom's articles with their vectors, from a copy; those of its editions are taken over."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import prepare_vectors

    copy = Newsroom(folder)
    wanted = {source.news: copy.news, source.config_file: copy.config_file}
    for edition in (*source.editions(), source.building):
        wanted[edition.news_vectors] = copy.building.news_vectors
    for path, target in wanted.items():
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return prepare_vectors(copy)


def _renamed(news: pa.Table) -> pa.Table:
    """Return articles under other ids, published evenly over the last 30 days."""
    from broadsheet.tables.schemas import NEWS

    age = np.random.default_rng(2).integers(0, DAYS * DAY, len(news))
    published = pa.array(int(time.time() * 1e6) - age).cast(NEWS.field("published_at").type)
    ids = pa.array([f"W{number}" for number in range(len(news))])
    news = news.set_column(0, "news_id", ids)
    return news.set_column(news.column_names.index("published_at"), "published_at", published)


def _mixed(vectors: np.ndarray[Any, np.dtype[np.float32]], rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 0.7 of the article's own vector, 0.3 of another's, and noise of length 0.2, at unit length."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(rows), vectors.shape[1]), np.float32) * np.float32(0.2 / vectors.shape[1] ** 0.5)
    mixed = 0.7 * vectors[rows] + 0.3 * vectors[rng.integers(0, len(vectors), len(rows))] + noise
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _clicks(ids: pa.Array, count: int) -> pa.Table:
    """Return clicks of a tenth as many readers, by a power law over the articles, evenly over the last 30 days."""
    from broadsheet.tables.schemas import CLICKS

    rng = np.random.default_rng(1)
    rows = np.minimum((len(ids) * rng.power(0.3, count)).astype(np.int64), len(ids) - 1)
    users = pa.array([f"U{number}" for number in rng.integers(0, max(1, count // 10), count)], pa.string())
    times = pa.array(int(time.time() * 1e6) - rng.integers(0, DAYS * DAY, count)).cast(CLICKS.field("time").type)
    columns = [users, ids.take(pa.array(rows)), times, pa.array(["click"] * count, pa.string())]
    return pa.table([*columns, pa.nulls(count, pa.float32())], names=CLICKS.names)


def _late(pipeline: Pipeline, number: int) -> dict[str, Any]:
    """Return a late article: the texts of a real one, whose words name it too."""
    row = pipeline.bench.catalogue.news.slice(number, 1).to_pylist()[0]
    return {**row, "news_id": f"LATE{number}", "title": f"{row['title']} {number}", "published_at": datetime.now(UTC)}


def _vector(pipeline: Pipeline, row: int) -> pa.Table:
    from broadsheet.tables.schemas import user_vectors
    from broadsheet.tables.vectors import vectors_to_arrow

    vector = pipeline.bench.catalogue.vectors_of([row])
    return pa.table([["reader"], [1], vectors_to_arrow(vector)], schema=user_vectors(vector.shape[1]))


def _measure(pipeline: Pipeline, ids: list[str], call: Callable[[int], object], *, there: bool) -> Times:
    """Time each call, and the first request after it, which has to show the change."""
    from broadsheet.tables.schemas import user_vectors
    from broadsheet.tables.vectors import vectors_to_arrow

    times: Times = {"call": [], "first request": [], "both": []}
    tower = pipeline.bench.news_tower
    for at, news_id in enumerate(ids):
        if there:
            news = pa.Table.from_pylist([_late(pipeline, at)])
            vectors = pa.table(
                [["reader"], [1], vectors_to_arrow(tower(tower.text(news)))], schema=user_vectors(tower.dim)
            )
        else:
            vectors = _vector(pipeline, pipeline.bench.catalogue.row_of[news_id])
            if at % 10 == 0:  # it was there before
                _request(pipeline, news_id, vectors, True)
        started = time.perf_counter()
        call(at)
        called = time.perf_counter() - started
        asked = _request(pipeline, news_id, vectors, there)
        for name, seconds in zip(times, (called, asked, called + asked), strict=True):
            times[name].append(seconds)
    return times


def _request(pipeline: Pipeline, news_id: str, vectors: pa.Table, there: bool | None) -> float:
    """Return the seconds of one request for candidates; `there` says whether the article has to be among them."""
    from broadsheet.tables.arrow_files import from_rows
    from broadsheet.tables.schemas import USERS

    # A request in free text, so that nearness alone decides; its vector is given.
    users = from_rows([{"user_id": "reader", "history": [], "profile": "the text", "hidden": []}], USERS)
    started = time.perf_counter()
    bench = pipeline.bench
    found = bench.retriever(bench.readers(users), vectors, datetime.now(UTC).replace(second=0, microsecond=0))
    seconds = time.perf_counter() - started
    if there is not None and (news_id in found["news_id"].to_pylist()) != there:
        raise AssertionError(f"{news_id}: among the candidates or not, which was not to be")
    return seconds


def _row(seconds: list[float]) -> dict[str, float]:
    found = {f"p{p}_ms": round(1000 * float(np.percentile(seconds, p)), 1) for p in (50, 99, 100)}
    last = seconds[-max(1, len(seconds) // 10) :]
    return found | {"p50_of_the_last_tenth_ms": round(1000 * float(np.median(last)), 1)}


def _markdown(document: dict[str, Any]) -> str:
    corner = f"{document['articles']:,} articles, {document['clicks']:,} clicks"
    lines = [f"| {corner} | p50, ms | p99, ms | most, ms | p50 of the last tenth, ms |", "|---|---|---|---|---|"]
    for name, row in document["rows"].items():
        lines.append(f"| {name} | {' | '.join(f'{value:.1f}' for value in row.values())} |")
    opened = f"Opened with the whole journal in {document['opened_with_the_journal_s']} s."
    lines += ["", f"{document['calls_of_each']:,} calls of each kind, one after the other. {opened}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from command import run

    run(benchmark)
