"""Training the cross-encoder on impressions.

transformers.Trainer gives checkpoints, exact resume and schedules; what learns is all of the encoder, or low-rank
adapters (LoRA, Hu et al. 2021), so that what is learned fits in a few megabytes. The base model stays as it was.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PrinterCallback, Trainer, TrainingArguments

from broadsheet import models
from broadsheet.checkpoints import last_whole
from broadsheet.config_reranker import RerankerConfig
from broadsheet.errors import TrainingError
from broadsheet.rerank.cross_encoder import CrossEncoder
from broadsheet.rerank.losses import LOSSES, Loss
from broadsheet.rerank.training_pairs import Example, PairMaker

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
        args=_arguments(recipe, seed, checkpoints),
        train_dataset=list(examples),
        eval_dataset=list(examples[:1]),  # asked for by Trainer; `measure` holds what is really measured
        data_collator=make_batch,
    )
    trainer.remove_callback(PrinterCallback)
    before = measure(model.eval())
    trainer.train(resume_from_checkpoint=last_whole(checkpoints))
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.state.log_history]


def _arguments(recipe: RerankerConfig, seed: int, checkpoints: Path) -> TrainingArguments:
    device = models.pick_device()
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch_size,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        use_cpu=device.type == "cpu",
        bf16=models.pick_dtype(device) == torch.bfloat16,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="ndcg@10",
        greater_is_better=True,
        logging_steps=10,
        seed=seed,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_pin_memory=False,
    )


def centre(model: CrossEncoder, logits: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Shift the logits so that their median over the valid impressions is 0, a relevance of one half."""
    with torch.no_grad():
        model.offset.sub_(float(np.median(logits)))
