"""Training the cross-encoder on impressions.

transformers.Trainer gives checkpoints, exact resume and schedules; what learns is all of the encoder, or low-rank
adapters (LoRA, Hu et al. 2021), so that what is learned fits in a few megabytes. The base model stays as it was.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PrinterCallback, Trainer, TrainingArguments

from broadsheet.config.training import RerankerConfig
from broadsheet.errors import TrainingError
from broadsheet.models.trainer import last_whole, trainer_arguments
from broadsheet.rerank.cross_encoder.losses import LOSSES, Loss
from broadsheet.rerank.cross_encoder.model import CrossEncoder
from broadsheet.rerank.cross_encoder.training_pairs import Example, PairMaker

Measure = Callable[[CrossEncoder], float]
"""Valid nDCG@10 of a model in evaluation mode."""


class ImpressionTrainer(Trainer):  # type: ignore[misc]
    """Trainer with a loss over impressions, and with valid nDCG@10 as its measure."""

    control: Any

    def __init__(self, *, measure: Measure, loss: Loss, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._measure, self._loss = measure, loss

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:  # noqa: ANN401
        """Return the loss of one batch of PairMaker; raises TrainingError if it is no number."""
        groups = inputs.pop("groups")
        logits = model(**inputs)
        loss = self._loss(logits, groups)
        if not torch.isfinite(loss):
            raise TrainingError(
                f"step {self.state.global_step + 1}: the loss is {loss.item()}. Lower learning_rate under [reranker] "
                "in broadsheet.toml and run the same command, which then starts anew; "
                f"{Path(self.args.output_dir).parent} can be deleted."
            )
        return (loss, logits) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Measure valid nDCG@10 and log it."""
        metrics = {"eval_ndcg@10": self._measure(self.model.eval())}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def fit(
    model: CrossEncoder,
    examples: Sequence[Example],
    make_batch: PairMaker,
    measure: Measure,
    *,
    recipe: RerankerConfig,
    seed: int,
    checkpoints: Path,
) -> list[dict[str, float]]:
    """Train a model in place, keep its best state by `measure`, and return the log.

    Checkpoints lie in the given folder; a training that was killed goes on from the last one.
    """
    trainer = ImpressionTrainer(
        measure=measure,
        loss=LOSSES[recipe.loss],
        model=model,
        args=TrainingArguments(
            **trainer_arguments(
                recipe,
                checkpoints,
                learning_rate=recipe.learning_rate,
                seed=seed,
                metric="ndcg@10",
                greater_is_better=True,
            )
        ),
        train_dataset=list(examples),
        eval_dataset=list(examples[:1]),  # asked for by Trainer; `measure` holds what is really measured
        data_collator=make_batch,
    )
    trainer.remove_callback(PrinterCallback)
    before = measure(model.eval())
    trainer.train(resume_from_checkpoint=last_whole(checkpoints))
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.state.log_history]


def centre(model: CrossEncoder, logits: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Shift the logits so that their median over the valid impressions is 0, a relevance of one half."""
    with torch.no_grad():
        model.offset.sub_(float(np.median(logits)))
