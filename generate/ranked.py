"""What is read of a RANKED table: the rows of its first ranks, and the articles that it names."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.generate.legible import legible

_ARTICLE = ("news_id", "title", "abstract", "body", "content_hash")


def first_ranks(ranked: pa.Table, k: int) -> pa.Table:
    """Return the rows of a RANKED table with rank 1 to k, in its order."""
    return ranked.filter(pc.less_equal(ranked["rank"], k))


def articles_of(news: pa.Table, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the articles of these ids as they are read, in the order of the ids; see `legible`."""
    found = news.select(list(_ARTICLE)).filter(pc.is_in(news["news_id"], value_set=pa.array(ids, pa.string())))
    articles = {row["news_id"]: legible(row) for row in found.to_pylist()}
    missing = [news_id for news_id in ids if news_id not in articles]
    if missing:
        shown = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        raise ContractError(
            f"table ranked: {len(missing)} articles are not in table news: {shown}. Rank again with this corpus."
        )
    return [articles[news_id] for news_id in ids]
