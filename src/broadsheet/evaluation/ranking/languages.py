"""The same impressions in two languages: what a page loses where articles are in another language than English.

Both newsrooms hold the same articles, impressions and readers, cut to the articles that have a title in both languages.
The towers read titles alone: no abstract, which few English articles have, and no category, an English word.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression, read_rankable, require_splits
from broadsheet.errors import InputError
from broadsheet.importers.transaction import Import
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import Values
from broadsheet.offline.workbenches import open_bench
from broadsheet.progress import Say, silent
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS, NEWS
from broadsheet.training.towers import train_towers
from broadsheet.workbench.workbench import Workbench

TRAIN, TUNE, VALID = "train", "tune", "valid"
SETTINGS = 'clock = "latest"\n[retrieval]\nencoder = "{encoder}"\n'
_BATCH = 256


def read_titles(path: Path) -> dict[str, str]:
    """Return the titles of a file of xMIND by news id; articles without a title are left out.

    Raises InputError if the file cannot be read or has no columns `nid` and `title`, separated by tabs.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t")
            if missing := {"nid", "title"} - set(rows.fieldnames or ()):
                raise InputError(f"{path}: no column {', '.join(sorted(missing))}, expected a file of xMIND.")
            return {row["nid"]: row["title"].strip() for row in rows if (row["title"] or "").strip()}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), expected a file of xMIND, such as cmn.tsv.") from error


def in_both(source: Newsroom, other: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the newsroom's titles and the other titles of the articles that have both; raises InputError if none."""
    news = read_table(source.news, NEWS)
    own = dict(zip(news.column("news_id").to_pylist(), news.column("title").to_pylist(), strict=True))
    both = [news_id for news_id, title in own.items() if title and news_id in other]
    if not both:
        raise InputError(f"{source.path}: no article has a title in both languages. Is it a newsroom of MIND?")
    return {news_id: own[news_id] for news_id in both}, {news_id: other[news_id] for news_id in both}


def make_room(source: Newsroom, titles: Mapping[str, str], folder: Path, encoder: str) -> Newsroom:
    """Return a newsroom in `folder` with these titles and the impressions of `source`, cut to their articles.

    An impression stays if its reader has a history and it shows a clicked article and another. A newsroom that is there
    is taken as it is.
    """
    room = Newsroom(folder)
    if room.news.is_file():
        return room
    require_splits(source, TRAIN, TUNE, VALID)
    splits = {
        split: list(_cut(read_table(source.impressions(split), IMPRESSIONS).to_pylist(), titles))
        for split in (TRAIN, TUNE, VALID)
    }
    needed = {news_id for rows in splits.values() for row in rows for news_id in (*row["shown"], *row["history"])}
    with Import(room) as add:
        add.news({"news_id": news_id, "title": title} for news_id, title in titles.items() if news_id in needed)
        for split, rows in splits.items():
            add.impressions(split, rows)
    room.config_file.write_text(SETTINGS.format(encoder=encoder), "utf-8")
    return room


def _cut(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        history = [news_id for news_id in row["history"] if news_id in titles]
        labels = zip(row["shown"], row["clicked"], strict=False)
        shown = [(news_id, hit) for news_id, hit in labels if news_id in titles]
        hits = [hit for _, hit in shown]
        if history and any(hits) and not all(hits):
            kept = {"history": history, "shown": [news_id for news_id, _ in shown], "clicked": hits}
            yield {name: row[name] for name in ("impression_id", "user_id", "time")} | kept


def train_all(room: Newsroom, folder: Path, seeds: Sequence[int], say: Say = silent) -> list[Path]:
    """Return the folders of towers trained on the room's clicks, one for each seed; those that are there stay."""
    folders = [folder / f"towers-{seed}" for seed in seeds]
    for seed, out in zip(seeds, folders, strict=True):
        if not (out / "card.json").is_file():
            say(train_towers(room, train=TRAIN, valid=TUNE, mode="frozen", seed=seed, out=out, say=say))
    return folders


@dataclass(frozen=True, eq=False)
class Measured:
    """A newsroom whose impressions of VALID are scored."""

    bench: Workbench
    impressions: list[Impression]
    articles: Vectors
    "Vectors of the articles, (articles, dim)."

    def readers(self) -> Vectors:
        """Return the vectors of each impression's reader, (impressions, interests, dim), by the bench's user tower."""
        most = self.bench.models.config.retrieval.history
        histories = [self.articles[one.history_rows[-most:]] for one in self.impressions]
        tower = self.bench.models.user_tower
        parts = [tower.encode(histories[start : start + _BATCH]) for start in range(0, len(histories), _BATCH)]
        return np.concatenate(parts)


def open_measured(room: Newsroom, towers: str = "untrained", say: Say = silent) -> Measured:
    """Open a newsroom with the towers of a folder, or with untrained towers."""
    bench = open_bench(room, say, towers=towers)
    impressions = read_rankable(room, bench.data.catalogue, VALID)
    return Measured(bench, impressions, np.asarray(bench.data.catalogue.vectors.whole()))


def ranked_by(readers: Measured, shown: Measured) -> Values:
    """Return the metrics of each impression: readers by the one newsroom, the articles that are shown by the other."""
    parts = [
        (shown.articles[one.shown_rows] @ user.T).max(axis=1)
        for one, user in zip(shown.impressions, readers.readers(), strict=True)
    ]
    clicked = np.array([hit for one in shown.impressions for hit in one.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    return ranking_metrics(Impressions(np.concatenate(parts).astype(np.float64), clicked, offsets))
