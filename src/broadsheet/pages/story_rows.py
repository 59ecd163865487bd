"""The rows of a page: what was ranked, with the texts that were written for it and what the page names of articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.pages.page import PAGE_STORIES, WHY
from broadsheet.text import one_line

_SHOWN = ["title", "headline", "summary", "reason", "because_title", "category", "source"]
"Texts of a corpus that may be of another's making, whose control characters are taken out on every page."
_OF_ARTICLE = ["news_id", "title", "category", "source", "url", "published_at"]


def page_rows(
    ranked: pa.Table, stories: pa.Table, catalogue: Catalogue, digests: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of PAGE_STORIES by user, rank 1 first; `digests` are by user and article."""
    texts = {(row["user_id"], row["news_id"]): row for row in stories.to_pylist()}
    news, row_of = catalogue.news, catalogue.row_of
    wanted = ranked.to_pylist()
    named = dict.fromkeys(row[column] for row in wanted for column in ("news_id", "because_news_id") if row[column])
    found = news.select(_OF_ARTICLE).take(pa.array([row_of[news_id] for news_id in named], pa.int64()))
    articles = {row["news_id"]: row for row in found.to_pylist()}
    pages: dict[str, list[dict[str, Any]]] = {}
    for row in wanted:
        because = articles[row["because_news_id"]]["title"] if row["because_news_id"] else None
        text = texts[row["user_id"], row["news_id"]]
        signals = {name: row[name] for name in WHY}
        merged = {**articles[row["news_id"]], **row, **text, "signals": signals, "because_title": because}
        merged["digest"] = digests.get((row["user_id"], row["news_id"]))
        shown = {name: one_line(merged[name]) for name in _SHOWN if merged[name]}
        pages.setdefault(row["user_id"], []).append({name: (merged | shown)[name] for name in PAGE_STORIES.names})
    return pages
