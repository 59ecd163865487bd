"""Training the cross-encoder on impressions.

transformers.Trainer gives checkpoints, exact resume and schedules. Training changes all weights of the encoder, or only
low-rank adapters (LoRA, Hu et al. 2021), a few megabytes beside an unchanged base model.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from broadsheet.config.training import RerankerConfig
from broadsheet.models.trainer import Log, MeasuredTrainer, trainer_arguments
from broadsheet.rerank.cross_encoder.losses import LOSSES
from broadsheet.rerank.cross_encoder.model import CrossEncoder
from broadsheet.rerank.cross_encoder.training_pairs import ClickGroup, PairMaker

Measure = Callable[[CrossEncoder], float]
"""A model in evaluation mode to its nDCG@10 on the validation set."""


def fit(
    model: CrossEncoder,
    examples: Sequence[ClickGroup],
    make_batch: PairMaker,
    measure: Measure,
    *,
    recipe: RerankerConfig,
    seed: int,
    checkpoints: Path,
) -> Log:
    """Train a model in place, keep the state with the highest `measure`, and return the log.

    Checkpoints are written to the folder `checkpoints`; a killed training goes on from its last checkpoint.
    """
    compare = LOSSES[recipe.loss]

    def loss(scorer: Any, batch: dict[str, Any]) -> torch.Tensor:  # noqa: ANN401
        groups = batch.pop("groups")
        return compare(scorer(**batch), groups)

    trainer = MeasuredTrainer(
        loss=loss,
        section="reranker",
        items=examples,
        measure=measure,
        model=model,
        args=trainer_arguments(recipe, checkpoints, learning_rate=recipe.learning_rate, seed=seed),
        data_collator=make_batch,
    )
    before = measure(model.eval())
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.run()]


def centre(model: CrossEncoder, logits: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Change the model's offset so that the median of the validation set's `logits` becomes 0: a relevance of 0.5."""
    with torch.no_grad():
        model.offset.sub_(float(np.median(logits)))
