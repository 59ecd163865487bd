"""The stage that writes table digests: for each article of a story, what several articles on its event say.

The build makes digests, so that no page waits for them. A digest is taken over from an earlier night if all that it was
made of is unchanged: the texts, times and outlets of its articles, the model and the rule.
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
from broadsheet.tables.files import part_path, parts_of, remove_folder
from broadsheet.tables.schemas import DIGESTS, STORIES
from broadsheet.workbench.workbench import Workbench

BLOCK = 64
"""Articles whose digests are made together, and written as one part, which a killed build leaves for the next."""
_NEIGHBOURS = 33
"""Nearest articles among which other articles on an event are looked for, the article itself included."""
_MOST = 8
"""Most articles that a digest reads: the nearest on the event."""
_READ = ("news_id", "title", "abstract", "body", "source", "published_at", "content_hash")
_REMEMBERED = 1 << 14
"""Sentences whose vectors stay in memory, 1.5 KiB each: digests of one event read the same sentences."""


def digest(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write digests for the articles of the edition's stories; earlier digests are taken over if unchanged."""
    words, model = bench.models.config.generate.digest_words, bench.models.news_tower.fingerprint
    stories = read_table(bench.data.edition.stories, STORIES)
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
    """Return the rows of earlier tables by their `made_of`, without tables that are unreadable or of another model."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        with suppress(ContractError):
            found |= {row["made_of"]: row for row in read_table(path, DIGESTS, model=model).to_pylist()}
    return found


class _Maker:
    """Makes the rows of table digests; called with ids of articles, it leaves out articles without a digest."""

    def __init__(self, bench: Workbench, earlier: Mapping[str, dict[str, Any]]) -> None:
        self._catalogue, self._index, self._caps = bench.data.catalogue, bench.index, bench.models.config.rerank.caps
        self._words, self._as_of = bench.models.config.generate.digest_words, bench.data.as_of.timestamp()
        self._earlier = earlier
        self._encode = _remembering(bench.models.news_tower)
        self.reused = 0

    def __call__(self, news_ids: Sequence[str]) -> list[dict[str, Any]]:
        rows = np.array(self._catalogue.rows(news_ids), np.int64)
        _, near = self._index(self._catalogue.vectors_of(rows), _NEIGHBOURS)  # rows (articles, 33), -1 for no row
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
        made = digest(texts, vectors[numbers], self._encode, most_words=self._words)
        if made is None:
            return None
        return {
            "news_id": texts[0]["news_id"],
            "news_ids": list(made.news_ids),
            "content_hashes": [text["content_hash"] for text in texts],
            "sentences": [vars(sentence) | {"news_ids": list(sentence.news_ids)} for sentence in made.sentences],
            "made_of": made_of,
        }

    def _on_the_event(self, row: int, near: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Vectors]:
        """Return the rows of the articles on an article's event, nearest first, and their vectors (rows, dim).

        The article itself comes first. Articles without a publication time, or dated in the future, are left out: they
        cannot be placed before or after the others. If the article itself is left out, nothing is returned.
        """
        times = self._catalogue.published_at
        rows = np.array([row, *(other for other in near.tolist() if other not in (-1, row))], np.int64)
        vectors = self._catalogue.vectors_of(rows)
        likeness = vectors @ vectors[0]  # (rows,): cosines with the article, 1 for itself
        caps, at = self._caps, float(times[row])
        same_event = of_one_event(likeness, times[rows], at, similarity=caps.story_similarity, days=caps.story_days)
        # A missing time is NaN, and no comparison with NaN holds.
        fit = np.flatnonzero(same_event & (times[rows] <= self._as_of) & ~self._catalogue.gone[rows])
        fit = fit[np.argsort(-likeness[fit], kind="stable")]
        if math.isnan(at) or 0 not in fit:
            return rows[:0], vectors[:0]
        order = np.array([0, *(place for place in fit.tolist() if place)])
        return rows[order], vectors[order]


def _one_of_each(rows: npt.NDArray[np.int64], news: pa.Table) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each article with its place in `rows`, but skip copies, new versions and further issues of a series.

    An article is skipped if an article before it has the same text, or the same outlet and, numbers aside, the same
    title. "Market report 12" after "Market report 11" of one outlet is skipped: issues of a series are like each other
    though they tell of different events.
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
    """Return the encoder with a memory for the vectors of the texts that it encoded last."""
    known: dict[str, Vectors] = {}

    def remembered(texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, encode(missing), strict=True))
        found = np.stack([known[text] for text in texts])
        while len(known) > _REMEMBERED:  # a dictionary keeps its order: its first text was encoded longest ago
            del known[next(iter(known))]
        return found

    return remembered


def _hash(ingredients: list[Any]) -> str:
    return hashlib.sha256(repr(ingredients).encode()).hexdigest()[:16]
