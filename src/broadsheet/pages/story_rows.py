"""The rows of a page: each ranked article joined with its headline and summary, its digest, title, outlet and link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.pages.page import PAGE_STORIES, WHY
from broadsheet.text import one_line

if TYPE_CHECKING:
    from broadsheet.rerank.exploration.page import ExploredPage

_SHOWN = ["title", "headline", "summary", "reason", "because_title", "category", "source"]
"Columns with texts that come from outside: control characters are removed from them on every page."
_OF_ARTICLE = ["news_id", "title", "category", "source", "url", "published_at", "kept"]


def page_rows(
    ranked: pa.Table,
    stories: pa.Table,
    catalogue: Catalogue,
    digests: Mapping[tuple[str, str], Mapping[str, Any]],
    drawn: Mapping[str, ExploredPage],
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of PAGE_STORIES by user id, rank 1 first; the keys of `digests` are (user id, article id).

    `drawn` are the pages that were explored, by user id; the articles of all others are certain in their slots.
    """
    texts = {(row["user_id"], row["news_id"]): row for row in stories.to_pylist()}
    news, row_of = catalogue.news, catalogue.row_of
    ranked_rows = ranked.to_pylist()
    # The ranked articles, and the articles of the readers' history that their reasons name.
    named = dict.fromkeys(
        row[column] for row in ranked_rows for column in ("news_id", "because_news_id") if row[column]
    )
    named_news = news.select(_OF_ARTICLE).take(pa.array([row_of[news_id] for news_id in named], pa.int64()))
    articles = {row["news_id"]: row for row in named_news.to_pylist()}
    pages: dict[str, list[dict[str, Any]]] = {}
    for row in ranked_rows:
        because = articles[row["because_news_id"]]["title"] if row["because_news_id"] else None
        text = texts[row["user_id"], row["news_id"]]
        signals = {name: row[name] for name in WHY}
        merged = {**articles[row["news_id"]], **row, **text, "signals": signals, "because_title": because}
        merged |= _chances(drawn, row["user_id"], row["rank"])
        merged["digest"] = digests.get((row["user_id"], row["news_id"]))
        shown = {name: one_line(merged[name]) for name in _SHOWN if merged[name]}
        pages.setdefault(row["user_id"], []).append({name: (merged | shown)[name] for name in PAGE_STORIES.names})
    return pages


def _chances(drawn: Mapping[str, ExploredPage], user_id: str, rank: int) -> dict[str, float]:
    """Return the probabilities of the slot `rank` of a reader's page, 1 without exploration."""
    if user_id not in drawn:
        return {"propensity": 1.0, "conditional": 1.0}
    page = drawn[user_id]
    return {"propensity": float(page.propensity[rank - 1]), "conditional": float(page.conditional[rank - 1])}
