"""How a page shows the digest of a story: its parts, its sentences with their citations, the articles it is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from broadsheet.page_text import web_link
from broadsheet.schemas import DIGESTS, NEWS, list_of

_OF_ARTICLE = ("news_id", "title", "source", "url")

DIGEST = pa.field(
    "digest",
    pa.struct(
        [
            DIGESTS.field("sentences").remove_metadata(),
            DIGESTS.field("news_ids").remove_metadata(),
            pa.field(
                "articles",
                list_of(pa.struct([NEWS.field(name).remove_metadata() for name in _OF_ARTICLE])),
                nullable=False,
            ),
        ]
    ),
    metadata={"doc": "What several articles say of the story's event, and which these are; null where there is none."},
)
"""The column of a page's stories."""

_LABELS = {"happened": "What happened", "says": "Who says what", "background": "Background"}


def digest_shown(digest: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what is shown of a digest: its name, its articles with safe links, and its parts in order.

    A sentence's citations are the articles' numbers in the list, 1 first, each with its link, which may be empty.
    """
    if digest is None:
        return None
    articles = [
        {"number": number, "link": web_link(article["url"]), "source": article["source"], "title": article["title"]}
        for number, article in enumerate(digest["articles"], 1)
    ]
    by_id = dict(zip(digest["news_ids"], articles, strict=True))
    parts: dict[str, list[dict[str, Any]]] = {}
    for sentence in digest["sentences"]:
        cited = [by_id[news_id] for news_id in sentence["news_ids"]]
        label = _LABELS.get(sentence["part"], sentence["part"])
        parts.setdefault(label, []).append({"text": sentence["text"], "articles": cited})
    return {"name": f"{len(articles)} articles on this", "articles": articles, "parts": parts}


def digest_line(shown: Mapping[str, Any]) -> str:
    """Return one line on a digest: of how many articles and which outlets, such as `3 articles on this: BBC, CNN.`."""
    sources = ", ".join(dict.fromkeys(article["source"] for article in shown["articles"] if article["source"]))
    return f"{shown['name']}: {sources}." if sources else f"{shown['name']}."
