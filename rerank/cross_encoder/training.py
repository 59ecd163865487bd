"""Training the cross-encoder on impressions.

transformers.Trainer gives checkpoints, exact resume and schedules; what learns is all of the encoder, or low-rank
adapters (LoRA, Hu et al. 2021), which take a few megabytes. The base model stays as it was.
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
"""Valid nDCG@10 of a model in evaluation mode."""


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
    """Train a model in place, keep its best state by `measure`, and return the log.

    Checkpoints lie in the given folder; a training that was killed goes on from the last one.
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
    """Shift the logits so that their median over the valid impressions is 0, a relevance of one half."""
    with torch.no_grad():
        model.offset.sub_(float(np.median(logits)))
