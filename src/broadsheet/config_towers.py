"""The settings of tower training."""

from dataclasses import dataclass


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
