"""Metrics of the edition in use: its articles, its index, and what was added and withdrawn since."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from prometheus_client.core import Metric

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Edition
from broadsheet.operations.status import journal_state
from broadsheet.service.monitoring.families import gauge, gauges, info
from broadsheet.service.serving.service import Service
from broadsheet.workbench.workbench import Workbench


def edition_metrics(service: Service) -> Iterator[Metric]:
    """Yield the metrics of the edition in use; `broadsheet_ready` is 0, and alone, if no page can be made."""
    said = "1 if pages can be made, 0 if the edition in use or its journal cannot be read."
    try:
        bench = service.pipeline.bench
    except BroadsheetError:
        yield from gauge("broadsheet_ready", said, 0)
        return
    yield from gauge("broadsheet_ready", said, 1)
    yield from _of_articles(bench)
    yield from _of_index(bench.data.edition)
    journal = journal_state(service.newsroom, bench.data.edition)
    counts = {name: number for name, number in journal.items() if name in ("added", "withdrawn")}
    yield from gauges(
        "broadsheet_journal_articles", "Articles changed since the edition in use, by change.", "change", counts
    )


def _of_articles(bench: Workbench) -> Iterator[Metric]:
    catalogue = bench.data.catalogue
    published = catalogue.published_at[~catalogue.gone & np.isfinite(catalogue.published_at)]
    shown = int((~catalogue.gone).sum())
    yield from gauge("broadsheet_articles", "Articles that pages may show.", shown)
    yield from gauge(
        "broadsheet_articles_gone",
        "Articles withdrawn or replaced since the edition in use.",
        int(catalogue.gone.sum()),
    )
    newest = float(published.max()) if len(published) else None
    yield from gauge("broadsheet_newest_article_timestamp_seconds", "When the newest article was published.", newest)
    yield from gauge("broadsheet_vectors", "Article vectors of the edition in use.", len(catalogue.vectors))
    yield from gauge(
        "broadsheet_late_vectors", "Vectors of articles added since the edition in use.", len(catalogue.late_vectors)
    )
    yield from gauge("broadsheet_vector_dimensions", "Numbers of an article vector.", catalogue.vectors.dim)


def _of_index(edition: Edition) -> Iterator[Metric]:
    manifest = edition.read_manifest()
    index, built = manifest.get("index", {}), datetime.fromisoformat(manifest["built_at"]).timestamp()
    yield from info(
        "broadsheet_edition_info",
        "The edition in use.",
        edition=edition.name,
        index=str(index.get("kind", "")),
        encoder=Path(manifest["models"]["encoder"]).name,
    )
    yield from gauge("broadsheet_edition_built_timestamp_seconds", "When the edition in use was built.", built)
    yield from gauge(
        "broadsheet_edition_age_seconds", "Time since the edition in use was built.", max(time.time() - built, 0)
    )
    yield from gauge(
        "broadsheet_edition_readers", "Readers whom the edition was built for.", manifest["counts"]["users"]
    )
    yield from gauge("broadsheet_index_vectors", "Vectors in the index.", index.get("vectors"))
    yield from gauge("broadsheet_index_recall_ratio", "Recall@100 of the index when built.", index.get("recall@100"))
    size = sum(path.stat().st_size for path in edition.path.glob("index*.faiss"))
    yield from gauge("broadsheet_index_size_bytes", "Bytes of the index on the disk.", size)
