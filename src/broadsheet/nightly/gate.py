"""The quality gate: whether a new edition may take the place of the current one.

Count and recall are always bounded. Vectors are held against what the named model gives, and, where both editions are
of one model, against those of the current edition: after a change of the model every vector differs on purpose.
Neighbours are compared among the articles whose text is the same in both editions, so that neither new articles nor
changed ones are drift: what then differs are vectors that should not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.nightly import GateConfig
from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Edition
from broadsheet.nightly.index_recall import reader_recall
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS, news_vectors, user_vectors
from broadsheet.tables.vectors import MappedVectors, vectors_to_numpy
from broadsheet.workbench.workbench import Workbench

SAMPLE, QUERIES, NEIGHBOURS = 10_000, 1_000, 10
"""Articles of both editions among which neighbours are looked for, those whose neighbours are, and how many."""
ENCODED_AGAIN, SAME = 32, 0.99
"""Articles encoded again, and the cosine above which a vector is that of the model: rounding stays far above it."""


@dataclass(frozen=True)
class Verdict:
    """What the gate measured, and each reason not to publish."""

    figures: dict[str, float] = field(default_factory=dict)
    "recall, foreign_vectors, lost, shrunk, centroid_shift, changed_neighbours: those that could be measured."
    reasons: list[str] = field(default_factory=list)
    compared_with: str = ""
    "Name of the edition that was current; empty for none."
    note: str = ""
    "Why something was not compared."

    def line(self) -> str:
        """Say it in one line."""
        said = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in self.figures.items()]
        return ", ".join([*said, *([self.note] if self.note else [])])

    def for_manifest(self, bounds: GateConfig) -> dict[str, Any]:
        """Return what the manifest says of it."""
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


def judge(bench: Workbench, current: Edition | None, left: pa.Array) -> Verdict:
    """Measure a complete edition against the bounds of its config, and against the current edition if there is one.

    `left` are the ids of articles that left by their age or were withdrawn, which are not lost.
    """
    bounds = bench.config.gate
    figures: dict[str, float] = {}
    readers = MappedVectors(read_table(bench.edition.user_vectors, user_vectors(bench.news_tower.dim)))
    if (recall := reader_recall(bench.index, bench.catalogue.vectors, readers)) is not None:
        figures["recall"] = recall
    figures["foreign_vectors"] = foreign_vectors(bench)
    note = ""
    if current is not None:
        try:
            figures |= _lost(bench, current, left)
            drift, note = _drift(bench, current)
            figures |= drift
        except BroadsheetError as error:  # a damaged edition must not keep the next one from its readers
            note = f"not compared with {current.name}: {error}"
    return Verdict(figures, _reasons(figures, bounds), current.name if current else "", note)


def foreign_vectors(bench: Workbench) -> float:
    """Return the share of a sample of article vectors that are not those which the news tower gives."""
    rows = _sample(np.arange(len(bench.catalogue)), ENCODED_AGAIN)
    tower = bench.news_tower
    again = tower(tower.text(bench.catalogue.news.select(list(tower.text.columns)).take(pa.array(rows))))
    return float((np.sum(again * bench.catalogue.vectors_of(rows), axis=1) < SAME).mean())


def _lost(bench: Workbench, current: Edition, left: pa.Array) -> dict[str, float]:
    """Return which share of the current edition's articles is not there, and by which the count fell."""
    before = read_table(current.news, NEWS).column("news_id")
    still = pc.or_(
        pc.is_in(before, value_set=bench.catalogue.news.column("news_id").combine_chunks()),
        pc.is_in(before, value_set=left),
    )
    lost = len(before) - int(pc.sum(still).as_py() or 0)
    count = max(1, len(before))
    return {"lost": lost / count, "shrunk": max(0.0, 1 - len(bench.catalogue) / count)}


def _drift(bench: Workbench, current: Edition) -> tuple[dict[str, float], str]:
    """Return centroid shift and changed neighbours; nothing, and why, if the model is another."""
    tower = bench.news_tower
    model = current.read_manifest()["models"]["news_tower"]
    if model != tower.fingerprint:
        return {}, f"vectors not compared: those of {current.name} are of another model, {model}"
    if current.news_vectors.samefile(bench.edition.news_vectors):
        return {"centroid_shift": 0.0, "changed_neighbours": 0.0}, ""
    schema = news_vectors(tower.dim)
    before = read_table(current.news_vectors, schema, model=model)
    now = read_table(bench.edition.news_vectors, schema, model=model)
    figures = {"centroid_shift": _cosine_distance(_mean(before), _mean(now))}
    changed = changed_neighbours(before, now)
    return figures | ({} if changed is None else {"changed_neighbours": changed}), ""


def changed_neighbours(before: pa.Table, now: pa.Table) -> float | None:
    """Return which share of neighbours differs between two news_vectors tables; None without two articles in common.

    Of 10,000 articles at most whose id and content are the same in both, 1,000 at most and their 10 nearest.
    """
    places = pc.index_in(now.column("news_id"), value_set=before.column("news_id").combine_chunks())
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
    """Return the places among `rows` of the nearest others of the first rows, (queries, neighbours)."""
    vectors = vectors_to_numpy(table.select(["vector"]).take(pa.array(rows)))
    queries, k = min(QUERIES, len(vectors)), min(NEIGHBOURS, len(vectors) - 1)
    scores = vectors[:queries] @ vectors.T
    scores[np.arange(queries), np.arange(queries)] = -np.inf
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
        "centroid_shift": (bounds.max_centroid_shift, "the mean article vector moved by {:.3f}"),
        "changed_neighbours": (bounds.max_changed_neighbours, "{:.1%} of the neighbours of unchanged articles changed"),
        "foreign_vectors": (0.0, "{:.1%} of the vectors encoded again are not those of the model"),
    }
    reasons = []
    if figures.get("recall", 1.0) < bounds.min_recall:
        reasons.append(f"recall@100 of the index is {figures['recall']:.3f}, expected {bounds.min_recall:g}")
    for name, (limit, said) in limits.items():
        if figures.get(name, 0.0) > limit:
            reasons.append(f"{said.format(figures[name])}, expected at most {limit:g}")
    return reasons
