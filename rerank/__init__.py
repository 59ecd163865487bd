"""The re-ranking stage: scores candidates by signals, orders them by policy, and writes the reason of each."""

from broadsheet.rerank.cross_encoder.model import PairScorer
from broadsheet.rerank.cross_encoder.trained import load_cross_encoder
from broadsheet.rerank.policy.limits import are_small, large_sources
from broadsheet.rerank.policy.policy import Items, Policy, arrange
from broadsheet.rerank.reranker import Reranker

__all__ = [
    "Items",
    "PairScorer",
    "Policy",
    "Reranker",
    "are_small",
    "arrange",
    "large_sources",
    "load_cross_encoder",
]
