"""Training a writer on pairs of prompt and text.

transformers.Trainer gives checkpoints, exact resume and schedules; what learns is all of the model, or low-rank
adapters (LoRA, Hu et al. 2021). Where readers chose a text and passed another over, the odds ratio of
the two is added to the loss (ORPO: Hong et al. 2024, eq. 6 and 7), which needs no second model.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from broadsheet.config.training import WriterConfig
from broadsheet.generate.writers.prefill import position_ids
from broadsheet.generate.writers.training_pairs import IGNORED, Pair, PairBatch
from broadsheet.models.trainer import Log, MeasuredTrainer, trainer_arguments

_FULL_SHARE = 0.1
"Share of the learning rate that is used if all weights learn."


def pair_loss(model: Any, inputs: dict[str, Any], preference: float) -> torch.Tensor:  # noqa: ANN401
    """Return the loss of one batch of PairBatch: the mean of a token, plus `preference` times the odds loss."""
    lost = inputs["lost"]
    chances, is_label = token_chances(model, {name: value for name, value in inputs.items() if name != "lost"})
    wanted = len(is_label) - len(lost)
    loss = -chances[:wanted].sum() / is_label[:wanted].sum()
    if not lost:
        return loss
    mean = chances.sum(1) / is_label.sum(1)
    losers, winners = (mean[list(rows)] for rows in zip(*lost, strict=True))
    return loss - preference * torch.nn.functional.logsigmoid(_odds(winners) - _odds(losers)).mean()


def token_chances(model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401
    """Return the log-probability of each label (rows, tokens), 0 without a label, and which tokens have a label."""
    labels = inputs["labels"]
    if getattr(model.config, "is_encoder_decoder", False):
        logits = model(**inputs).logits
    else:
        mask = inputs["attention_mask"]
        kept = (
            int((labels != IGNORED).sum(1).max()) + 1
        )  # rows end together; logits over the vocabulary are most of the work
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=mask,
            logits_to_keep=kept,
            use_cache=False,
            **position_ids(model, mask),
        ).logits[:, :-1]
        labels = labels[:, -logits.shape[1] :]
    is_label = labels != IGNORED
    found = logits.float().log_softmax(-1).gather(2, labels.clamp(min=0)[..., None])[..., 0]
    return found * is_label, is_label


def _odds(mean: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of p / (1 - p) for mean log-probabilities (texts,)."""
    return mean - torch.log1p(-torch.exp(mean.clamp(max=-1e-4)))


def fit(
    network: Any,  # noqa: ANN401
    pairs: Sequence[Pair],
    valid: Sequence[Pair],
    batch: PairBatch,
    *,
    recipe: WriterConfig,
    full: bool,
    seed: int,
    checkpoints: Path,
) -> Log:
    """Train a network in place, keep the state with the lowest loss on `valid`, and return the log.

    Checkpoints are written to the folder `checkpoints`; a killed training goes on from its last checkpoint.
    """
    trainer = MeasuredTrainer(
        loss=lambda network, batch: pair_loss(network, batch, recipe.preference),
        section="writer",
        items=pairs,
        valid=valid,
        patience=recipe.patience,
        model=network,
        args=trainer_arguments(
            recipe,
            checkpoints,
            learning_rate=recipe.learning_rate * (_FULL_SHARE if full else 1),
            seed=seed,
            metric="loss",
            greater_is_better=False,
            per_device_eval_batch_size=recipe.batch_size,
            prediction_loss_only=True,
        ),
        data_collator=batch,
    )
    return trainer.run()
