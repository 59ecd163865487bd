"""The gate of editions: whether a new edition may take the place of the current edition.

The numbers of articles, readers, stories and clicks and the recall of the index are always bounded. A sample of
articles is encoded again, and their vectors must be the vectors of the table. If both editions were made by the same
model, their vectors are compared too; after a change of the model every vector differs on purpose. Neighbours are
compared among articles whose text is the same in both editions: new and rewritten articles rightly change neighbours,
and unchanged articles do not. Whether the clicks of the last day collapsed is measured in `last_day`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.nightly import GateConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Edition
from broadsheet.nightly.forgetting.forgotten_rows import Find, old_rows, readers_in
from broadsheet.nightly.index_recall import reader_recall
from broadsheet.nightly.last_day import last_day_fall
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, NEWS, STORIES, USERS, news_vectors, user_vectors
from broadsheet.tables.vectors import MappedVectors, vectors_to_numpy
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

if TYPE_CHECKING:
    from broadsheet.index_build import SearchIndex, ShardedIndex
    from broadsheet.retrieval.towers.news_tower import NewsTower

SAMPLE, QUERIES, NEIGHBOURS = 10_000, 1_000, 10
"""Most articles that are compared, most articles whose neighbours are compared, and neighbours of each."""
ENCODED_AGAIN, SAME = 32, 0.99
"""Articles that are encoded again, and the least cosine of the new vector with the stored vector of an article.

Rounding alone leaves the cosine far above it.
"""
CHANCE = 2.0
"""Standard deviations, of a number that varies as a Poisson number does, that a fall of readers may be."""


@dataclass(frozen=True)
class Verdict:
    """The figures that the gate measured, and each reason not to publish; without a reason the edition goes out."""

    figures: dict[str, float] = field(default_factory=dict)
    "recall, foreign_vectors, lost, shrunk, fewer_readers, fewer_stories, fewer_clicks, fewer_clicks_last_day, \
fewer_readers_last_day, centroid_shift and changed_neighbours; a figure without a measurement is missing."
    reasons: list[str] = field(default_factory=list)
    "A clause for each figure that is out of bounds."
    compared_with: str = ""
    "Name of the edition that was current; empty for a newsroom's first edition."
    note: str = ""
    "Why the editions could not be compared, or only in part, and whether clicks stopped; empty if there is no such \
thing to tell."

    def line(self) -> str:
        """Return the figures and the note in one line."""
        said = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in self.figures.items()]
        return ", ".join([*said, *([self.note] if self.note else [])])

    def for_manifest(self, bounds: GateConfig) -> dict[str, Any]:
        """Return the verdict as the manifest holds it, with the bounds of its figures."""
        return {
            "published": not self.reasons,
            "reasons": self.reasons,
            "gate": {
                "compared_with": self.compared_with,
                "note": self.note,
                "figures": self.figures,
                "bounds": asdict(bounds),
            },
        }


def judge(
    data: EditionData,
    models: EditionModels,
    index: SearchIndex | ShardedIndex,
    current: Edition | None,
    gone_ids: pa.Array,
    users: str,
) -> Verdict:
    """Measure a complete edition, compare it with the current edition if there is one, and return the verdict.

    `gone_ids` are the ids of articles that passed their age limit or were withdrawn: their absence is no loss. `users`
    is who the edition is for: "active", "all" or "list". Readers and stories are compared with those of an edition
    that is for the same.
    """
    bounds = models.config.gate
    figures: dict[str, float] = {}
    readers = MappedVectors(read_table(data.edition.user_vectors, user_vectors(data.model.dim)))
    if (recall := reader_recall(index, data.catalogue.vectors, readers)) is not None:
        figures["recall"] = recall
    figures["foreign_vectors"] = foreign_vectors(data.catalogue, models.news_tower)
    note = ""
    if current is not None:
        try:
            figures |= _lost(data.catalogue, current, gone_ids)
            figures |= _fewer(data.edition, current, users, ForgottenReaders(data.newsroom)().among)
            drift, note = _drift(data, current)
            fall, silence = last_day_fall(data.edition.clicks, data.as_of, models.config.clock, current)
            figures |= drift | fall
            note = "; ".join(filter(None, [note, silence]))
        except BroadsheetError as error:  # a damaged edition must not keep the next one from its readers
            note = f"not compared with {current.name}: {error}"
    return Verdict(figures, _reasons(figures, bounds), current.name if current else "", note)


def foreign_vectors(catalogue: Catalogue, tower: NewsTower) -> float:
    """Return which share of a sample of articles has another vector in the edition than the news tower gives now."""
    rows = _sample(np.arange(len(catalogue)), ENCODED_AGAIN)
    again = tower(tower.text(catalogue.news.select(list(tower.text.columns)).take(pa.array(rows))))
    # Both (articles, dim) and of unit length, so the sum of products along a row is the cosine.
    return float((np.sum(again * catalogue.vectors_of(rows), axis=1) < SAME).mean())


def _lost(catalogue: Catalogue, current: Edition, gone_ids: pa.Array) -> dict[str, float]:
    """Return which share of the current edition's articles is missing, and by which share their number fell."""
    before = read_table(current.news, NEWS).column("news_id")
    still = pc.or_(
        pc.is_in(before, value_set=catalogue.news.column("news_id").combine_chunks()),
        pc.is_in(before, value_set=gone_ids),
    )
    lost = len(before) - int(pc.sum(still).as_py() or 0)
    count = max(1, len(before))
    return {"lost": lost / count, "shrunk": max(0.0, 1 - len(catalogue) / count)}


def _fewer(edition: Edition, current: Edition, users: str, forgotten: Find) -> dict[str, float]:
    """Return by which share the clicks fell, and those of readers and stories if both editions are for the same.

    What readers had who were forgotten since does not count. A fall of readers or stories that can be chance is 0.
    """
    tables = {"clicks": (edition.clicks, current.clicks, CLICKS)}
    if users != "list" and current.read_manifest()["users"] == users:
        tables["readers"] = edition.users, current.users, USERS
        tables["stories"] = edition.stories, current.stories, STORIES
    fewer = {}
    for what, (path, former, schema) in tables.items():
        before, now = _rows(former, schema, forgotten), _rows(path, schema, forgotten)
        chance = 0.0 if what == "clicks" else CHANCE * before**0.5
        if before:
            fewer[f"fewer_{what}"] = 1 - now / before if before - now > chance else 0.0
    return fewer


def _rows(path: Path, schema: pa.Schema, forgotten: Find) -> int:
    table = read_table(path, schema) if path.is_file() else schema.empty_table()
    return len(table) - int(old_rows(table, forgotten(readers_in(table))).sum())


def _drift(data: EditionData, current: Edition) -> tuple[dict[str, float], str]:
    """Return the centroid's shift and the share of changed neighbours; no figures but a note if the models differ."""
    model = current.read_manifest()["models"]["news_tower"]
    if model != data.model.fingerprint:
        return {}, f"vectors not compared: {current.name} was made by another model, {model}"
    if current.news_vectors.samefile(data.edition.news_vectors):
        return {"centroid_shift": 0.0, "changed_neighbours": 0.0}, ""
    schema = news_vectors(data.model.dim)
    before = read_table(current.news_vectors, schema, model=model)
    now = read_table(data.edition.news_vectors, schema, model=model)
    figures = {"centroid_shift": _cosine_distance(_mean(before), _mean(now))}
    changed = changed_neighbours(before, now)
    return figures | ({} if changed is None else {"changed_neighbours": changed}), ""


def changed_neighbours(before: pa.Table, now: pa.Table) -> float | None:
    """Return which share of neighbours differs between two news_vectors tables; None without two articles in common.

    An article is in common if its id and its content are the same in both tables. From these, at most 10,000 are drawn;
    the 10 nearest of each of the first 1,000 are compared. If 9 of 10 neighbours are the same everywhere, it is 0.1.
    """
    places = pc.index_in(now.column("news_id"), value_set=before.column("news_id").combine_chunks())
    # For each id in both tables its row in `now` (here) and its row in `before` (there).
    here = np.flatnonzero(np.asarray(pc.is_valid(places)))
    there = np.asarray(places.drop_null(), np.int64)
    same = pc.equal(
        now.column("content_hash").take(pa.array(here)), before.column("content_hash").take(pa.array(there))
    )
    common = np.flatnonzero(np.asarray(same))
    if len(common) < 2:
        return None
    chosen = _sample(common, SAMPLE)
    old, new = _nearest(before, there[chosen]), _nearest(now, here[chosen])
    shared = [len(np.intersect1d(*pair)) for pair in zip(old, new, strict=True)]
    return float(1 - np.mean(shared) / old.shape[1])


def _nearest(table: pa.Table, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each of the first 1,000 rows the places in `rows` of its nearest others: (queries, neighbours)."""
    vectors = vectors_to_numpy(table.select(["vector"]).take(pa.array(rows)))
    queries, k = min(QUERIES, len(vectors)), min(NEIGHBOURS, len(vectors) - 1)
    scores = vectors[:queries] @ vectors.T  # (queries, rows)
    scores[np.arange(queries), np.arange(queries)] = -np.inf  # no article is its own neighbour
    nearest: npt.NDArray[np.int64] = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return nearest


def _sample(rows: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Return a random sample of at most `size` rows, the same sample each time."""
    return np.random.default_rng(0).permutation(rows)[:size]


def _mean(table: pa.Table) -> npt.NDArray[np.float64]:
    dim = table.schema.field("vector").type.list_size
    total = np.zeros(dim)
    for batch in table.select(["vector"]).to_batches():
        total += vectors_to_numpy(pa.Table.from_batches([batch])).sum(axis=0, dtype=np.float64)
    return total / max(1, len(table))


def _cosine_distance(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(1 - a @ b / max(1e-12, float(np.linalg.norm(a) * np.linalg.norm(b))))


def _reasons(figures: dict[str, float], bounds: GateConfig) -> list[str]:
    limits = {
        "lost": (bounds.max_lost, "{:.1%} of the current edition's articles are missing"),
        "shrunk": (bounds.max_lost, "it has {:.1%} fewer articles than the current edition"),
        "fewer_readers": (bounds.max_fewer, "it has {:.1%} fewer readers than the current edition"),
        "fewer_stories": (bounds.max_fewer, "it has {:.1%} fewer stories than the current edition"),
        "fewer_clicks": (bounds.max_fewer, "it has {:.1%} fewer clicks than the current edition"),
        "fewer_clicks_last_day": (
            bounds.max_fewer_last_day,
            "the last day had {:.1%} fewer clicks than the quietest of the 7 days before the current edition",
        ),
        "fewer_readers_last_day": (
            bounds.max_fewer_last_day,
            "the last day had {:.1%} fewer readers than the quietest of the 7 days before the current edition",
        ),
        "centroid_shift": (bounds.max_centroid_shift, "the mean article vector moved by {:.3f}"),
        "changed_neighbours": (bounds.max_changed_neighbours, "{:.1%} of the neighbours of unchanged articles changed"),
        "foreign_vectors": (0.0, "{:.1%} of the articles encoded again have another vector than the model gives"),
    }
    reasons = []
    if figures.get("recall", 1.0) < bounds.min_recall:
        reasons.append(f"recall@100 of the index is {figures['recall']:.3f}, expected {bounds.min_recall:g}")
    for name, (limit, said) in limits.items():
        if figures.get(name, 0.0) > limit:
            reasons.append(f"{said.format(figures[name])}, expected at most {limit:g}")
    return reasons
