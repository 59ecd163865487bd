"""The articles of one edition, by row: ids, texts, times and vectors, as the stages look them up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.names import KINDS, NumberedNames, number_names
from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import epoch_seconds
from broadsheet.tables.kept import SHOWN_WHEN
from broadsheet.tables.vectors import MappedVectors


@dataclass(frozen=True)
class Catalogue:
    """Articles in the order of the edition's news table; `row` numbers everywhere mean this order."""

    news: pa.Table
    "Table news, mapped from its file."
    vectors: MappedVectors
    "Unit vectors of the edition's articles, mapped from their file."
    row_of: dict[str, int]
    "Row of each news_id that may be shown."
    published_at: npt.NDArray[np.float64]
    "Epoch seconds, UTC; NaN where unknown."
    category: npt.NDArray[np.object_]
    "Category of each article; empty where unknown."
    names: Mapping[str, NumberedNames]
    "Category, subcategory and source of each article as numbers, by the name of the column."
    late_vectors: npt.NDArray[np.float32]
    "Unit vectors of the rows after those of `vectors`: articles added since the edition, (late, dim)."
    gone: npt.NDArray[np.bool_]
    "Whether each row is not shown: it is `withdrawn`, its embargo lasts, or it has expired; see `as_of_now`."
    withdrawn: npt.NDArray[np.bool_]
    "Whether each row is never shown again: its article was withdrawn, or a later row replaced it."
    embargo_until: npt.NDArray[np.float64]
    "Epoch seconds until which each row is not shown; -inf without an embargo."
    expires_at: npt.NDArray[np.float64]
    "Epoch seconds from which on each row is not shown; inf if it does not expire."
    all_rows: dict[str, int]
    "Row of each news_id that was not withdrawn, whether or not it may be shown."

    def __len__(self) -> int:
        return len(self.news)

    def rows(self, news_ids: Sequence[str]) -> list[int]:
        """Return the rows of the ids that the catalogue knows, in the order of the ids."""
        return [self.row_of[news_id] for news_id in news_ids if news_id in self.row_of]

    def newest_rows(self, news_ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the row of each id, null for an unknown one; where a text was replaced, the row of the newest."""
        newest_first = self.news.column("news_id").combine_chunks()[::-1]
        return pc.subtract(len(self) - 1, pc.index_in(news_ids, value_set=newest_first))

    def shown_when(self, news_id: str) -> dict[str, datetime | None]:
        """Return the columns of table news that say when an article may be shown; empty for an unknown id."""
        if (row := self.all_rows.get(news_id)) is None:
            return {}
        found: dict[str, datetime | None] = self.news.slice(row, 1).select(SHOWN_WHEN).to_pylist()[0]
        return found

    def next_change(self, now: float) -> float:
        """Return the first epoch second after `now` at which an article comes or expires; inf if there is none."""
        times = np.concatenate([self.embargo_until[~self.withdrawn], self.expires_at[~self.withdrawn]])
        return float(times[times > now].min(initial=np.inf))

    def vectors_of(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the vectors of rows, (rows, dim)."""
        places, size = np.asarray(rows, np.int64), len(self.vectors)
        if not len(self.late_vectors):
            return self.vectors.take(places)
        late = places >= size
        found = np.empty((len(places), self.vectors.dim), np.float32)
        found[~late], found[late] = self.vectors.take(places[~late]), self.late_vectors[places[late] - size]
        return found

    def ids(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> pa.Array:
        """Return the news_ids of rows."""
        return self.news.column("news_id").take(pa.array(np.asarray(rows, np.int64))).combine_chunks()


def make_catalogue(news: pa.Table, vectors: pa.Table) -> Catalogue:
    """Join a news table and its vectors; raises ContractError unless they list the same articles in the same order."""
    if not news.column("news_id").equals(vectors.column("news_id")):
        raise ContractError(
            f"news has {len(news)} articles, news_vectors {len(vectors)}, and they differ or stand in another order. "
            "Build again."
        )
    ids, mapped = news.column("news_id").to_pylist(), MappedVectors(vectors)
    row_of = {news_id: row for row, news_id in enumerate(ids)}
    return Catalogue(
        news=news,
        vectors=mapped,
        row_of=row_of,
        published_at=epoch_seconds(news.column("published_at")),
        category=_categories(news),
        names={kind: number_names(news.column(kind)) for kind in KINDS},
        late_vectors=np.zeros((0, mapped.dim), np.float32),
        gone=np.zeros(len(news), np.bool_),
        withdrawn=np.zeros(len(news), np.bool_),
        **_times(news),
        all_rows=row_of,
    )


def extend(
    catalogue: Catalogue, news: pa.Table, vectors: npt.NDArray[np.float32], withdrawn: Collection[str]
) -> Catalogue:
    """Return a catalogue with the rows of a news table at its end, and without the withdrawn ids.

    An id that the catalogue has already gets the new row, and its old row counts as withdrawn. The edition's own
    vectors and texts are shared, not copied. Every other row may be shown; see `as_of_now`.
    """
    ids = news.column("news_id").to_pylist()
    old = [catalogue.all_rows[news_id] for news_id in (*ids, *withdrawn) if news_id in catalogue.all_rows]
    gone = np.concatenate([catalogue.withdrawn, np.zeros(len(news), np.bool_)])
    gone[np.array(old, np.int64)] = True
    row_of = catalogue.all_rows.copy()
    for news_id in withdrawn:
        row_of.pop(news_id, None)
    row_of.update(zip(ids, range(len(catalogue), len(catalogue) + len(ids)), strict=True))
    times = _times(news)
    return Catalogue(
        news=pa.concat_tables([catalogue.news, news.select(catalogue.news.column_names)]),
        vectors=catalogue.vectors,
        row_of=row_of,
        published_at=np.concatenate([catalogue.published_at, epoch_seconds(news.column("published_at"))]),
        category=np.concatenate([catalogue.category, _categories(news)]),
        names={kind: number_names(news.column(kind), catalogue.names[kind]) for kind in KINDS},
        late_vectors=np.concatenate([catalogue.late_vectors, vectors]),
        gone=gone,
        withdrawn=gone,
        embargo_until=np.concatenate([catalogue.embargo_until, times["embargo_until"]]),
        expires_at=np.concatenate([catalogue.expires_at, times["expires_at"]]),
        all_rows=row_of,
    )


def as_of_now(catalogue: Catalogue, now: float) -> Catalogue:
    """Return the catalogue as an epoch second shows it: without articles whose embargo lasts or that have expired.

    An article is shown from its `embargo_until` on, and no more from its `expires_at` on. Where nothing changes, the
    catalogue itself is returned.
    """
    closed = (catalogue.embargo_until > now) | (catalogue.expires_at <= now)
    gone = catalogue.withdrawn | closed
    if np.array_equal(gone, catalogue.gone):
        return catalogue
    row_of = catalogue.all_rows
    if hidden := np.flatnonzero(closed & ~catalogue.withdrawn).tolist():
        row_of = row_of.copy()
        for news_id in catalogue.ids(hidden).to_pylist():
            row_of.pop(news_id, None)
    return replace(catalogue, gone=gone, row_of=row_of)


def _times(news: pa.Table) -> dict[str, npt.NDArray[np.float64]]:
    """Return when each article of a news table may be shown."""
    embargo, expiry = (epoch_seconds(news.column(name)) for name in SHOWN_WHEN)
    return {
        "embargo_until": np.where(np.isnan(embargo), -np.inf, embargo),
        "expires_at": np.where(np.isnan(expiry), np.inf, expiry),
    }


def _categories(news: pa.Table) -> npt.NDArray[np.object_]:
    return np.array(news.column("category").to_pylist(), dtype=object)
