"""Metrics of the newsroom's folder: its editions, the last build, texts that pages want, and the disk."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.live.wanted import read_wanted
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.operations.prometheus import HELP, edition_samples
from broadsheet.service.monitoring.families import gauge, gauges
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import STORIES


def newsroom_metrics(newsroom: Newsroom) -> Iterator[Metric]:
    """Yield the metrics of the newsroom's folder."""
    editions = newsroom.editions()
    states = Counter(map(_state, editions))
    yield from gauges(
        "broadsheet_editions",
        "Editions on the disk, by state.",
        "state",
        {state: states[state] for state in ("published", "kept back", "unreadable")},
    )
    yield from gauge("broadsheet_editions_size_bytes", "Bytes of all editions.", sum(map(_size, editions)))
    yield from _of_build(editions)
    yield from _of_late_texts(newsroom)
    disk = shutil.disk_usage(newsroom.path)
    yield from gauge("broadsheet_disk_free_bytes", "Free bytes on the newsroom's disk.", disk.free)
    yield from gauge("broadsheet_disk_size_bytes", "Bytes of the newsroom's disk.", disk.total)


def _state(edition: Edition) -> str:
    try:
        return "published" if edition.read_manifest().get("published", True) else "kept back"
    except NewsroomError:
        return "unreadable"


def _size(edition: Edition) -> int:
    """Return the bytes of an edition; a hard link to a file of another edition counts in each."""
    try:
        return sum(path.stat().st_size for path in edition.path.iterdir() if path.is_file())
    except FileNotFoundError:  # a pruning removes it meanwhile
        return 0


def _of_build(editions: list[Edition]) -> Iterator[Metric]:
    """Yield what the textfile of a build says, of the newest edition that can be read."""
    manifest = _newest_manifest(editions)
    if manifest is None or "gate" not in manifest:  # of an earlier version
        return
    said = "1 if the gate kept the newest edition back, 0 if readers may see it."
    yield from gauge("broadsheet_build_kept_back", said, 0 if manifest.get("published", True) else 1)
    samples = defaultdict(list)
    for name, labels, value in edition_samples(manifest):
        samples[name].append((labels, value))
    for name, found in samples.items():
        family = GaugeMetricFamily(name, HELP[name], labels=list(found[0][0]))
        for labels, value in found:
            family.add_metric(list(labels.values()), value)
        yield family


def _newest_manifest(editions: list[Edition]) -> dict[str, object] | None:
    for edition in reversed(editions):
        try:
            return edition.read_manifest()
        except NewsroomError:
            continue
    return None


def _of_late_texts(newsroom: Newsroom) -> Iterator[Metric]:
    wanted, written = read_wanted(newsroom), late_texts(newsroom.late_texts)
    yield from gauge("broadsheet_late_texts_wanted", "Articles whose texts pages wanted.", len(wanted.news_ids))
    yield from gauge("broadsheet_late_texts_written", "Texts written since the edition.", written)
    said = "1 if the list of wanted texts is full until the next build."
    yield from gauge("broadsheet_late_texts_full", said, int(wanted.is_full))


def late_texts(path: Path) -> int:
    """Return how many texts were written since the edition; 0 also for a damaged file, which is written anew."""
    try:
        return len(read_table(path, STORIES)) if path.is_file() else 0
    except ContractError:
        return 0
