"""Re-rank: a cross-encoder and the signals that news lives by, fused, arranged by policy, and explained."""

from broadsheet.rerank.cross_encoder import PairScorer
from broadsheet.rerank.limits import large_sources
from broadsheet.rerank.policy import Items, Policy, arrange
from broadsheet.rerank.reranker import Reranker
from broadsheet.rerank.trained import load_cross_encoder

__all__ = [
    "Items",
    "PairScorer",
    "Policy",
    "Reranker",
    "arrange",
    "large_sources",
    "load_cross_encoder",
]
