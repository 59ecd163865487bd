"""A newsroom widened to any size, to be measured: real articles again and again, mixed vectors, made-up clicks."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.newsroom import Newsroom
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import index
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.tables.arrays import Rows, Vectors
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import CANDIDATES, CLICKS, NEWS, RANKED, STORIES, USERS, news_vectors, user_vectors
from broadsheet.tables.vectors import vectors_to_arrow
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench, open_workbench

DAYS, DAY = 30, 86_400_000_000
"""Over how many days articles and clicks are spread, and the microseconds of a day."""


def widen(source: Newsroom, target: Newsroom, size: int, clicks: int) -> Newsroom:
    """Publish an edition of `size` articles in `target`, its index made by the stage that a build runs."""
    with tempfile.TemporaryDirectory() as folder:
        bench = _encoded(source, Path(folder))
        tower, encoder = bench.models.news_tower, bench.models.encoder
        rows = np.arange(size) % len(bench.data.catalogue)
        news = _renamed(bench.data.catalogue.news.take(pa.array(rows)).combine_chunks())
        columns = [
            news["news_id"],
            news["content_hash"],
            vectors_to_arrow(_mixed(bench.data.catalogue.vectors.whole(), rows)),
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
    target.point_to(target.complete({"models": {"encoder": encoder, "news_tower": model}, "live": 0}))
    return target


def _encoded(source: Newsroom, folder: Path) -> Workbench:
    """Return the newsroom's articles with their vectors, from a copy; those of its editions are taken over."""
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
    age = np.random.default_rng(2).integers(0, DAYS * DAY, len(news))
    published = pa.array(int(time.time() * 1e6) - age).cast(NEWS.field("published_at").type)
    ids = pa.array([f"W{number}" for number in range(len(news))])
    news = news.set_column(0, "news_id", ids)
    return news.set_column(news.column_names.index("published_at"), "published_at", published)


def _mixed(vectors: Vectors, rows: Rows) -> Vectors:
    """Return 0.7 of the article's own vector, 0.3 of another's, and noise of length 0.2, at unit length."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(rows), vectors.shape[1]), np.float32) * np.float32(0.2 / vectors.shape[1] ** 0.5)
    mixed = 0.7 * vectors[rows] + 0.3 * vectors[rng.integers(0, len(vectors), len(rows))] + noise
    unit: Vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return unit


def _clicks(ids: pa.Array, count: int) -> pa.Table:
    """Return clicks of a tenth as many readers, by a power law over the articles, evenly over the last 30 days."""
    rng = np.random.default_rng(1)
    rows = np.minimum((len(ids) * rng.power(0.3, count)).astype(np.int64), len(ids) - 1)
    users = pa.array([f"U{number}" for number in rng.integers(0, max(1, count // 10), count)], pa.string())
    times = pa.array(int(time.time() * 1e6) - rng.integers(0, DAYS * DAY, count)).cast(CLICKS.field("time").type)
    columns = [users, ids.take(pa.array(rows)), times, pa.array(["click"] * count, pa.string())]
    return pa.table([*columns, pa.nulls(count, pa.float32()), pa.nulls(count, pa.float32())], names=CLICKS.names)
