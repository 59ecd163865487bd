"""The settings of the writer's training."""

from dataclasses import dataclass


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
