"""The settings of the trainings: towers, cross-encoder and writer."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TowersConfig:
    """How `broadsheet train towers` learns."""

    interests: int = 3
    "Interest vectors of a reader."
    layers: int = 1
    "Layers of the user tower."
    epochs: int = 8
    patience: int = 3
    "Epochs without a better valid nDCG@10 after which it stops."
    batch_size: int = 64
    "Impression clicks and readers a step, each process."
    next_clicks: int = 0
    "Clicks learned from each reader's history an epoch, 1 at least where there are no impressions; 0 leaves them out."
    negatives: int = 8
    "Most articles shown and not clicked beside each click."
    hard_negatives: int = 0
    "Articles near the reader and never clicked, mined from the index, beside each click."
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 2e-4
    "Of the news tower, where it learns too."
    weight_decay: float = 0.05
    dropout: float = 0.1
    history_drop: float = 0.5
    "Share of clicks whose history loses half of its articles."
    text_drop: float = 0.3
    "Share of articles that are read by their title or by their abstract alone."
    temperature: float = 0.2
    "Of the softmax, at the start; it is learned."
    anchor: float = 1.0
    "Weight of staying near the untrained towers: more for few clicks, 0 for many."
    in_batch: float = 0.1
    "Weight of the contrast with the batch's other clicks, beside that with what was shown."
    distillation: float = 0.0
    "Weight of the cross-encoder's opinion of what was shown; 0 leaves it out."
    adversarial: float = 0.0
    "Length by which article vectors are pushed against the loss (FGM); 0 leaves it out."
    encode_history: bool = False
    "Whether history articles are encoded in each step, or taken as they were encoded before the training."
    recompute: bool = False
    "Whether the encoder's activations are made again rather than kept: larger batches, a third more time."


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


@dataclass(frozen=True)
class WriterConfig:
    """How `broadsheet train writer` learns."""

    epochs: int = 2
    patience: int = 1
    "Epochs without a smaller loss on the later articles, after which it stops."
    batch_size: int = 8
    "Pairs a step."
    learning_rate: float = 5e-4
    "The largest, of adapters; all weights learn with a tenth of it."
    weight_decay: float = 0.01
    rank: int = 8
    "Of the adapters."
    preference: float = 0.2
    "Weight of the odds ratio between what a reader clicked and what was passed over, where pairs have it."
