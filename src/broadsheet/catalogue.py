"""The articles of one edition, by row: ids, texts, times and vectors, as the stages look them up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.tables import vectors_to_numpy


@dataclass(frozen=True)
class Catalogue:
    """Articles in the order of the edition's news table; `row` numbers everywhere mean this order."""

    news: pa.Table
    "Table news, mapped from its file."
    vectors: npt.NDArray[np.float32]
    "Unit vectors (articles, dim)."
    row_of: dict[str, int]
    "Row of each news_id."
    published_at: npt.NDArray[np.float64]
    "Epoch seconds, UTC; NaN where unknown."
    category: npt.NDArray[np.object_]
    "Category of each article; empty where unknown."

    def __len__(self) -> int:
        return len(self.news)

    def rows(self, news_ids: Sequence[str]) -> list[int]:
        """Return the rows of the known ones among the ids, in order."""
        return [self.row_of[news_id] for news_id in news_ids if news_id in self.row_of]

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
    ids = news.column("news_id").to_pylist()
    return Catalogue(
        news=news,
        vectors=vectors_to_numpy(vectors),
        row_of={news_id: row for row, news_id in enumerate(ids)},
        published_at=epoch_seconds(news.column("published_at")),
        category=np.array(news.column("category").to_pylist(), dtype=object),
    )


def epoch_seconds(times: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a column of times as epoch seconds; NaN where null."""
    micros = pc.cast(pc.cast(times, pa.int64()), pa.float64(), safe=False)  # far beyond year 2255 a float loses some
    seconds: npt.NDArray[np.float64] = np.asarray(pc.fill_null(micros, float("nan")), np.float64)
    return seconds / 1e6
