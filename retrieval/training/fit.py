"""Training the towers: transformers.Trainer gives checkpoints, exact resume, schedules, half precision and torchrun."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors.torch import load_file
from torch import nn
from transformers import TrainingArguments

from broadsheet.config.training import TowersConfig
from broadsheet.errors import TrainingError
from broadsheet.models import loading as models
from broadsheet.models.trainer import Log, MeasuredTrainer, epoch_measures, trainer_arguments
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.training.examples import BatchMaker, ClickExample, History

Measure = Callable[[TwoTowers], float]
"""Valid nDCG@10 of a model in evaluation mode."""
WEIGHTS = "model.safetensors"
KEPT = 3
"""Checkpoints kept: the best one, and the newest."""


class TowersTrainer(MeasuredTrainer):
    """The Trainer of the towers, with two learning rates."""

    optimizer: Any

    def __init__(self, *, encoder_learning_rate: float, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._encoder_learning_rate = encoder_learning_rate

    def create_optimizer(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Make AdamW with a learning rate of its own for the encoder; single numbers and biases have no decay."""
        if self.optimizer is None:
            groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
            for name, parameter in self.model.named_parameters():
                if parameter.requires_grad:
                    groups.setdefault((name.startswith("encoder."), parameter.dim() > 1), []).append(parameter)
            self.optimizer = torch.optim.AdamW(
                {
                    "params": parameters,
                    "lr": self._encoder_learning_rate if of_encoder else self.args.learning_rate,
                    "weight_decay": self.args.weight_decay if decays else 0.0,
                }
                for (of_encoder, decays), parameters in groups.items()
            )
        return self.optimizer


def fit(
    model: TwoTowers,
    items: Sequence[ClickExample | History],
    make_batch: BatchMaker,
    measure: Measure,
    *,
    recipe: TowersConfig,
    seed: int,
    folder: Path,
) -> Log:
    """Train a model in place, keep the best mean of its checkpoints by `measure`, and return the log.

    Checkpoints lie in `folder`; a training that was killed goes on from the last one. Raises TrainingError if the loss
    is no number, or if memory runs out.
    """
    processes = PartialState().num_processes
    if processes > 1 and len(items) < recipe.batch_size * processes:
        raise TrainingError(
            f"{len(items)} clicks and readers, expected {recipe.batch_size} or more for each of {processes} processes. "
            "Lower batch_size under [towers] in broadsheet.toml, or start fewer processes."
        )
    trainer = TowersTrainer(
        loss=lambda towers, batch: towers(**batch),
        section="towers",
        items=items,
        measure=measure,
        patience=recipe.patience,
        encoder_learning_rate=recipe.encoder_learning_rate,
        model=model,
        args=arguments(recipe, seed, folder, encodes=model.encoder is not None),
        data_collator=make_batch,
    )
    try:
        return _fit(trainer, model, measure, folder)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise out_of_memory(error) from error
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        raise out_of_memory(error) from error


def _fit(trainer: TowersTrainer, model: TwoTowers, measure: Measure, folder: Path) -> Log:
    before = measure(model.eval())
    untrained = _trainable(model)
    log = trainer.run()
    best = max((row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row), default=before)
    if before >= best:
        _load(model, untrained)
        best = before
    average_checkpoints(model, folder, measure, best)
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *log]


def out_of_memory(error: BaseException) -> TrainingError:
    """Return an error that says which settings to lower."""
    return TrainingError(
        f"out of memory ({str(error).splitlines()[0] if str(error) else type(error).__name__}). Under [towers] in "
        "broadsheet.toml lower batch_size or next_clicks, or set recompute = true, which keeps no activations of the "
        "encoder; then run the same command."
    )


def average_checkpoints(model: TwoTowers, folder: Path, measure: Measure, best: float) -> None:
    """Add each checkpoint to the mean of weights, the best first, if `measure` is then no worse (Wortsman et al. 2022).

    The model comes with the weights of the best checkpoint, whose measure is `best`, and has the mean afterwards.
    """
    kept = _trainable(model)
    count, device = 1, str(model.log_scale.device)
    for path in sorted(folder.glob(f"checkpoint-*/{WEIGHTS}"), key=lambda path: -epoch_measures(path.parent)[-1]):
        weights = load_file(path, device=device)
        if count == 1 and all(torch.equal(weights[name], value) for name, value in kept.items()):
            continue  # the best one, with which the mean starts
        mixed = {name: value + (weights[name] - value) / (count + 1) for name, value in kept.items()}
        _load(model, mixed)
        found = measure(model.eval())
        if found >= best:
            kept, count, best = mixed, count + 1, found
    _load(model, kept)


def _trainable(model: TwoTowers) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad}


def _load(model: TwoTowers, weights: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in weights:
                parameter.copy_(weights[name])


def arguments(recipe: TowersConfig, seed: int, folder: Path, *, encodes: bool) -> TrainingArguments:
    """Return Trainer's settings; `encodes` says whether the news tower learns too."""
    half = encodes and models.pick_dtype(models.pick_device()) == torch.bfloat16
    return trainer_arguments(
        recipe,
        folder,
        learning_rate=recipe.learning_rate,
        seed=seed,
        bf16=half,  # a user tower alone reads stored vectors, which are exact, and is quick in float32
        save_total_limit=KEPT,
        logging_steps=5,
        report_to="tensorboard" if _has_tensorboard() else "none",
        dataloader_drop_last=PartialState().num_processes > 1,  # every process then has the same number of clicks
        ddp_find_unused_parameters=True,
    )


def _has_tensorboard() -> bool:
    from importlib.util import find_spec

    return find_spec("tensorboard") is not None
