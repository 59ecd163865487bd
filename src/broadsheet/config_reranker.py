"""The settings of cross-encoder training."""

from dataclasses import dataclass
from typing import Literal

LossName = Literal["listwise", "pairwise", "pointwise"]


@dataclass(frozen=True)
class RerankerConfig:
    """How `broadsheet train reranker` learns."""

    loss: LossName = "listwise"
    "What is compared: a click with all shown beside it, with each of them, or each article with its label."
    epochs: int = 2
    batch_size: int = 16
    "Clicks a step."
    negatives: int = 5
    "Most articles shown and not clicked beside each click, drawn anew each epoch."
    learning_rate: float = 2e-4
    weight_decay: float = 0.05
    history_cut: float = 0.3
    "Share of clicks whose history is cut at a random place, so that short histories are learned too."
