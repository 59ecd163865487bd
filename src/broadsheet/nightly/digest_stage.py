"""The file face of digests: for the articles of an edition's stories, what others on the same event say too.

Made in the build, so that no page waits for them, and kept from night to night under all that was read: the articles'
texts, times and outlets, the models and the rule.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.same_event import of_one_event
from broadsheet.errors import ContractError
from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.stage import StageReport
from broadsheet.progress import track
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import empty, from_rows, read_table, write_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.parts import part_path, parts_of
from broadsheet.tables.schemas import DIGESTS, STORIES
from broadsheet.workbench.workbench import Workbench

BLOCK = 64
"""Stories whose digests are made, and kept, at a time."""
_NEIGHBOURS = 33
"""Articles looked at for those on an article's event, itself included."""
_MOST = 8
"""Articles on one event that are read, the nearest."""
_READ = ("news_id", "title", "abstract", "body", "source", "published_at", "content_hash")
_REMEMBERED = 1 << 14
"""Sentences whose vectors are kept in a build, 1.5 KiB each: stories of one event have them in common."""


def digest(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write digests for the articles of the edition's stories; earlier digests are taken over if unchanged."""
    words, model = bench.config.generate.digest_words, bench.news_tower.fingerprint
    stories = read_table(bench.edition.stories, STORIES)
    ids = sorted(pc.unique(stories["news_id"]).to_pylist()) if words else []
    parts = parts_of(out.digests)
    earlier_rows = _earlier([*earlier.digests, *sorted(parts.glob("*.arrow"))], model)
    maker, tables = _Maker(bench, earlier_rows), [empty(DIGESTS)]
    starts = range(0, len(ids), BLOCK)
    for number, start in enumerate(track(starts, "Digests of events", total=len(ids), weight=BLOCK)):
        tables.append(from_rows(maker(ids[start : start + BLOCK]), DIGESTS))
        if len(starts) > 1:
            write_table(part_path(parts, number), tables[-1], DIGESTS, model=model)
    table = pa.concat_tables(tables)
    write_table(out.digests, table, DIGESTS, model=model)
    remove_folder(parts)
    counts = {"digests": len(table), "reused": maker.reused}
    return StageReport(f"{len(table)} digests for {len(ids)} articles of stories, {maker.reused} taken over", counts)


def _earlier(paths: Sequence[Path], model: str) -> dict[str, dict[str, Any]]:
    """Return the rows of earlier tables by what they were made of; unreadable tables and another model's are none."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        with suppress(ContractError):
            found |= {row["made_of"]: row for row in read_table(path, DIGESTS, model=model).to_pylist()}
    return found


class _Maker:
    """Makes the rows of table digests for articles of stories."""

    def __init__(self, bench: Workbench, earlier: Mapping[str, dict[str, Any]]) -> None:
        self._catalogue, self._index, self._caps = bench.catalogue, bench.index, bench.config.rerank.caps
        self._words, self._as_of, self._earlier = bench.config.generate.digest_words, bench.as_of.timestamp(), earlier
        self._encode = _remembering(bench.news_tower)
        self.reused = 0

    def __call__(self, news_ids: Sequence[str]) -> list[dict[str, Any]]:
        rows = np.array(self._catalogue.rows(news_ids), np.int64)
        _, near = self._index(self._catalogue.vectors_of(rows), _NEIGHBOURS)
        made = (self._row(int(row), others) for row, others in zip(rows, near, strict=True))
        return [row for row in made if row is not None]

    def _row(self, row: int, near: npt.NDArray[np.int64]) -> dict[str, Any] | None:
        from broadsheet.generate.extracts.digest import RULE, digest

        rows, vectors = self._on_the_event(row, near)
        articles = list(_one_of_each(rows, self._catalogue.news))
        if len(articles) < 2:
            return None
        numbers, texts = [number for number, _ in articles], [text for _, text in articles]
        made_of = _hash([RULE, self._words, [[str(text[name]) for name in _READ if name != "body"] for text in texts]])
        if made_of in self._earlier:
            self.reused += 1
            return self._earlier[made_of]
        found = digest(texts, vectors[numbers], self._encode, most_words=self._words)
        if found is None:
            return None
        return {
            "news_id": texts[0]["news_id"],
            "news_ids": list(found.news_ids),
            "content_hashes": [text["content_hash"] for text in texts],
            "sentences": [vars(one) | {"news_ids": list(one.news_ids)} for one in found.sentences],
            "made_of": made_of,
        }

    def _on_the_event(self, row: int, near: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Vectors]:
        """Return the rows of an article and of those on its event, nearest first, and their vectors.

        Of a time that is unknown or still to come is none: nobody knows then what is new.
        """
        times = self._catalogue.published_at
        rows = np.array([row, *(other for other in near.tolist() if other not in (-1, row))], np.int64)
        vectors = self._catalogue.vectors_of(rows)
        likeness = vectors @ vectors[0]
        caps, at = self._caps, float(times[row])
        one = of_one_event(likeness, times[rows], at, similarity=caps.story_similarity, days=caps.story_days)
        fit = np.flatnonzero(one & (times[rows] <= self._as_of) & ~self._catalogue.gone[rows])
        fit = fit[np.argsort(-likeness[fit], kind="stable")]
        if math.isnan(at) or 0 not in fit:
            return rows[:0], vectors[:0]
        order = np.array([0, *(place for place in fit.tolist() if place)])
        return rows[order], vectors[order]


def _one_of_each(rows: npt.NDArray[np.int64], news: pa.Table) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the articles of rows with their places, without the copies and later issues of one that came before.

    Two of one outlet that have the same title, numbers aside, are versions of one article, or issues of a series, which
    are like each other and not of one event.
    """
    seen: set[Any] = set()
    kept = 0
    for place, text in enumerate(news.select(_READ).take(pa.array(rows)).to_pylist()):
        marks = {text["content_hash"], (text["source"], re.sub(r"[\W\d_]+", " ", text["title"]).strip().casefold())}
        if kept < _MOST and not seen & marks:
            kept += 1
            yield place, text
        seen |= marks


def _remembering(encode: Callable[[Sequence[str]], Vectors]) -> Callable[[Sequence[str]], Vectors]:
    """Return the encoder with a memory for the texts that it encoded last."""
    known: dict[str, Vectors] = {}

    def remembered(texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, encode(missing), strict=True))
        found = np.stack([known[text] for text in texts])
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]
        return found

    return remembered


def _hash(read: list[Any]) -> str:
    return hashlib.sha256(repr(read).encode()).hexdigest()[:16]
