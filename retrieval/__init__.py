"""Retrieval: two towers, candidate search, and the sources that need no model.

`NewsTower` and `UserTower` make vectors; `Retriever` turns users into candidates.
"""

from broadsheet.retrieval.reader_vectors import encode_users
from broadsheet.retrieval.retriever import Retriever
from broadsheet.retrieval.sources.fusion import fuse
from broadsheet.retrieval.sources.popularity_freshness import freshness_scores, popularity_scores
from broadsheet.retrieval.sources.source_input import interest_vectors
from broadsheet.retrieval.towers.article_text import news_text
from broadsheet.retrieval.towers.encoding import encode_news

__all__ = [
    "Retriever",
    "encode_news",
    "encode_users",
    "freshness_scores",
    "fuse",
    "interest_vectors",
    "news_text",
    "popularity_scores",
]
