"""Re-rank: a cross-encoder and the signals that news lives by, fused, diversified, and explained."""

from broadsheet.rerank.cross_encoder import PairScorer, load_cross_encoder
from broadsheet.rerank.reranker import Reranker

__all__ = ["PairScorer", "Reranker", "load_cross_encoder"]
