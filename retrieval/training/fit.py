"""Training the towers: transformers.Trainer gives checkpoints, exact resume, schedules, half precision and torchrun."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors.torch import load_file
from torch import nn
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainingArguments

from broadsheet.config.training import TowersConfig
from broadsheet.errors import TrainingError
from broadsheet.models import loading as models
from broadsheet.models.trainer import TRAINER_STATE, last_whole
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.training.examples import BatchMaker, Example, Reader

Measure = Callable[[TwoTowers], float]
"""Valid nDCG@10 of a model in evaluation mode."""
WEIGHTS = "model.safetensors"
KEPT = 3
"""Checkpoints kept: the best one, and the newest."""


class TowersTrainer(Trainer):  # type: ignore[misc]
    """Trainer with the towers' own loss, learning rates and measure."""

    control: Any
    optimizer: Any

    def __init__(self, *, measure: Measure, encoder_learning_rate: float, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.model_accepts_loss_kwargs = False  # the loss is a mean already
        self._measure, self._encoder_learning_rate = measure, encoder_learning_rate

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:  # noqa: ANN401
        """Return the loss of one batch; raises TrainingError, naming the batch, if it is no number."""
        names = inputs.pop("names")
        loss = model(**inputs)
        if not torch.isfinite(loss):
            raise TrainingError(
                f"step {self.state.global_step + 1}: the loss is {loss.item()} on {', '.join(dict.fromkeys(names))}. "
                f"The checkpoints in {self.args.output_dir} are as they were. Lower learning_rate under [towers] in "
                "broadsheet.toml, or look at the vectors of these articles, and run the same command."
            )
        return (loss, None) if return_outputs else loss

    def create_optimizer(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Make AdamW with a learning rate of its own for the encoder, and no decay of single numbers and biases."""
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

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Measure valid nDCG@10 and log it."""
        metrics = {"eval_ndcg@10": self._measure(self.model.eval())}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def fit(
    model: TwoTowers,
    items: Sequence[Example | Reader],
    make_batch: BatchMaker,
    measure: Measure,
    *,
    recipe: TowersConfig,
    seed: int,
    folder: Path,
) -> list[dict[str, float]]:
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
        measure=measure,
        encoder_learning_rate=recipe.encoder_learning_rate,
        model=model,
        args=arguments(recipe, seed, folder, encodes=model.encoder is not None),
        train_dataset=list(items),
        eval_dataset=list(items[:1]),  # asked for by Trainer; `measure` holds what is really measured
        data_collator=make_batch,
        callbacks=[EarlyStoppingCallback(recipe.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    try:
        return _fit(trainer, model, measure, recipe.patience, folder)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise out_of_memory(error) from error
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        raise out_of_memory(error) from error


def _fit(
    trainer: TowersTrainer, model: TwoTowers, measure: Measure, patience: int, folder: Path
) -> list[dict[str, float]]:
    before = measure(model.eval())
    untrained = _trainable(model)
    last = last_whole(folder)
    if last and (epochs := _stopped_after(Path(last), patience)):
        trainer.args.num_train_epochs = epochs  # it had ended: only its best epoch is loaded again
    trainer.train(resume_from_checkpoint=last)
    log = [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.state.log_history]
    best = max((row["eval_ndcg@10"] for row in log[1:] if "eval_ndcg@10" in row), default=before)
    if before >= best:
        _load(model, untrained)
        best = before
    average_checkpoints(model, folder, measure, best)
    return log


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
    for path in sorted(folder.glob(f"checkpoint-*/{WEIGHTS}"), key=lambda path: -_measured(path.parent)):
        weights = load_file(path, device=device)
        if count == 1 and all(torch.equal(weights[name], value) for name, value in kept.items()):
            continue  # the best one, with which the mean starts
        mixed = {name: value + (weights[name] - value) / (count + 1) for name, value in kept.items()}
        _load(model, mixed)
        found = measure(model.eval())
        if found >= best:
            kept, count, best = mixed, count + 1, found
    _load(model, kept)


def _measures(checkpoint: Path) -> list[float]:
    """Return the measure of each epoch up to a checkpoint."""
    history = json.loads((checkpoint / TRAINER_STATE).read_text("utf-8"))["log_history"]
    return [float(row["eval_ndcg@10"]) for row in history if "eval_ndcg@10" in row]


def _measured(checkpoint: Path) -> float:
    return _measures(checkpoint)[-1]


def _stopped_after(checkpoint: Path, patience: int) -> int:
    """Return after how many epochs a training had stopped early at this checkpoint; 0 if it goes on from there."""
    measures = _measures(checkpoint)
    since_best = len(measures) - 1 - measures.index(max(measures)) if measures else 0
    return len(measures) if since_best >= patience else 0


def _trainable(model: TwoTowers) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad}


def _load(model: TwoTowers, weights: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in weights:
                parameter.copy_(weights[name])


def arguments(recipe: TowersConfig, seed: int, folder: Path, *, encodes: bool) -> TrainingArguments:
    """Return what Trainer is told; `encodes` says whether the news tower learns too."""
    device, processes = models.pick_device(), PartialState().num_processes
    made = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=recipe.batch_size,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        use_cpu=device.type == "cpu",
        bf16=encodes and models.pick_dtype(device) == torch.bfloat16,  # stored vectors are exact, and quick as they are
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=KEPT,
        load_best_model_at_end=True,
        metric_for_best_model="ndcg@10",
        greater_is_better=True,
        logging_steps=5,
        seed=seed,
        remove_unused_columns=False,
        report_to="tensorboard" if _has_tensorboard() else "none",
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_pin_memory=False,
        dataloader_drop_last=processes > 1,  # all processes have as many clicks a step
        ddp_find_unused_parameters=True,
        restore_callback_states_from_checkpoint=True,  # else patience would begin anew
    )
    if made.n_gpu > 1:  # asked for first, since that sets it
        made._n_gpu = 1  # DataParallel would cut a batch's places from their rows; several GPUs are torchrun's
    return made


def _has_tensorboard() -> bool:
    from importlib.util import find_spec

    return find_spec("tensorboard") is not None
