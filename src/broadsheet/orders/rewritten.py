"""Stories in the words that an editor wrote."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from broadsheet.orders.order import Rewrite

METHOD = "editor"
"""What table stories names as the method of a text that an editor wrote."""


def rewritten(stories: pa.Table, rewrites: Mapping[str, Rewrite]) -> pa.Table:
    """Return a table stories with the words of editors in place of others.

    An article whose text changed since the editor read it keeps its other words: the editor's may be untrue of it.
    """
    if not rewrites or not any(news_id in rewrites for news_id in stories["news_id"].to_pylist()):
        return stories
    rows = [_rewritten(row, rewrites.get(row["news_id"])) for row in stories.to_pylist()]
    return pa.Table.from_pylist(rows, schema=stories.schema)


def _rewritten(row: dict[str, object], words: Rewrite | None) -> dict[str, object]:
    if words is None or words.content_hash != row["content_hash"]:
        return row
    texts = {"headline": words.headline, "summary": words.summary}
    return {**row, **texts, "method": dict.fromkeys(texts, METHOD), "checks": [], "model": "", "interest": ""}
