"""Retrieval: two towers, candidate search, and the sources that need no model.

`NewsTower` and `UserTower` make vectors; `Retriever` turns users into candidates.
"""

from broadsheet.retrieval.encoding import encode_news, news_text
from broadsheet.retrieval.retriever import Retriever
from broadsheet.retrieval.sources import fresh_scores, trending_scores

__all__ = ["Retriever", "encode_news", "fresh_scores", "news_text", "trending_scores"]
