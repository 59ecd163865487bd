"""How a stage trains a model: the settings of transformers.Trainer, one Trainer, and resuming after a kill."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from broadsheet.errors import TrainingError
from broadsheet.models import loading as models
from broadsheet.progress import LogLines
from broadsheet.tables.files import remove_folder

Log = list[dict[str, float]]
"""What a training logged, oldest first: rows of losses, and a row with the measure for each epoch."""
BatchLoss = Callable[[Any, dict[str, Any]], torch.Tensor]
"""A model and what the data collator made of a batch, to the mean loss of the batch ()."""
RANKING = "ndcg@10"
"""What a `measure` of MeasuredTrainer returns; the log has it as "eval_ndcg@10"."""
TRAINER_STATE = "trainer_state.json"


class Recipe(Protocol):
    """The settings that every training has."""

    @property
    def epochs(self) -> int:
        """The most epochs to train."""

    @property
    def batch_size(self) -> int:
        """Examples in each step."""

    @property
    def weight_decay(self) -> float:
        """Weight decay of the weights that are trained."""


def trainer_arguments(
    recipe: Recipe,
    checkpoints: Path,
    *,
    learning_rate: float,
    seed: int,
    metric: str = RANKING,
    greater_is_better: bool = True,
    **others: Any,  # noqa: ANN401
) -> TrainingArguments:
    """Return Trainer's settings: each epoch is measured and saved, and the best epoch by `metric` is kept.

    `others` are further settings of transformers.TrainingArguments, and replace those made here.
    """
    device = models.pick_device()
    options = {
        "output_dir": str(checkpoints),
        "per_device_train_batch_size": recipe.batch_size,
        "num_train_epochs": recipe.epochs,
        "learning_rate": learning_rate,
        "weight_decay": recipe.weight_decay,
        "warmup_steps": 0.1,
        "lr_scheduler_type": "linear",
        "max_grad_norm": 1.0,
        "use_cpu": device.type == "cpu",
        "bf16": models.pick_dtype(device) == torch.bfloat16,
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "save_total_limit": 2,  # the best and the newest; with 1 Trainer removes the newest at the end
        "load_best_model_at_end": True,
        "metric_for_best_model": metric,
        "greater_is_better": greater_is_better,
        "logging_steps": 10,
        "seed": seed,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": not sys.stderr.isatty(),
        "dataloader_pin_memory": False,
        "restore_callback_states_from_checkpoint": True,  # otherwise patience would begin anew after a kill
    }
    made = TrainingArguments(**{**options, **others})
    if made.n_gpu > 1:  # reading it sets it
        made._n_gpu = 1  # DataParallel would cut a batch between articles that refer to one another; use torchrun
    return made


class _LogLines(TrainerCallback):  # type: ignore[misc]
    """Has a log tell the steps and the measure of each epoch; a terminal has Trainer's own bar."""

    def __init__(self, section: str) -> None:
        self._what, self._before = f"training [{section}]", 0

    def on_train_begin(self, _: Any, state: Any, *__: Any, **___: Any) -> None:  # noqa: ANN401
        """Note how many steps a stopped run had made, and when this run begins."""
        self._lines, self._before = LogLines(self._what), state.global_step

    def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:  # noqa: ANN401
        """Tell the steps."""
        self._lines.step(state.global_step, state.max_steps, self._before)

    def on_evaluate(self, args: Any, state: Any, _: Any, metrics: dict[str, float], **__: Any) -> None:  # noqa: ANN401
        """Tell what the epoch reached."""
        name = args.metric_for_best_model
        self._lines.line(f"epoch {state.epoch:g}, {name} {metrics[f'eval_{name}']:.4f}")


class MeasuredTrainer(Trainer):  # type: ignore[misc]
    """Trainer with a loss and a measure given as functions; a kill changes nothing of what it ends with."""

    control: Any

    def __init__(
        self,
        *,
        loss: BatchLoss,
        section: str,
        items: Sequence[Any],
        valid: Sequence[Any] = (),
        measure: Callable[[Any], float] | None = None,
        patience: int = 0,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Learn from `items`; `section` is the section of broadsheet.toml with the settings, which errors name.

        Each epoch is measured by `measure`, which takes the model in evaluation mode; without it, by the mean loss on
        `valid`. The training stops after `patience` epochs without a better measure. `options` are those
        of transformers.Trainer.
        """
        super().__init__(
            train_dataset=list(items),
            eval_dataset=list(valid or items[:1]),  # Trainer asks for one, though `measure` makes no use of it
            callbacks=[_LogLines(section), *([EarlyStoppingCallback(patience)] if patience else [])],
            **options,
        )
        self.remove_callback(PrinterCallback)
        self.model_accepts_loss_kwargs = False  # the loss is a mean already
        self._loss, self._section, self._measure, self._patience = loss, section, measure, patience

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:  # noqa: ANN401
        """Return the loss of one batch; raises TrainingError if it is not finite.

        A batch may have `names`, a text for each example, which the error tells.
        """
        names = inputs.pop("names", [])
        loss = self._loss(model, inputs)
        if not torch.isfinite(loss):
            raise self._not_finite(loss.item(), list(dict.fromkeys(names)))
        return (loss, {"loss": loss}) if return_outputs else loss

    def _not_finite(self, loss: float, names: Sequence[str]) -> TrainingError:
        on, look = (f" on {', '.join(names)}", ", or look at the articles of this batch,") if names else ("", "")
        return TrainingError(
            f"step {self.state.global_step + 1}: the loss is {loss}{on}. Lower learning_rate under [{self._section}] "
            f"in broadsheet.toml{look} and run the same command. With another learning_rate it starts anew; then the "
            f"checkpoints in {self.args.output_dir} can be deleted."
        )

    def evaluate(self, *arguments: Any, **options: Any) -> dict[str, float]:  # noqa: ANN401
        """Measure the model and log the result."""
        if self._measure is None:
            losses: dict[str, float] = super().evaluate(*arguments, **options)
            return losses
        metrics = {f"eval_{RANKING}": self._measure(self.model.eval())}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def run(self) -> Log:
        """Train from the newest whole checkpoint on, or from the start; put the best epoch in the model.

        Returns the log, with that of the epochs before a kill.
        """
        last, better = last_whole(Path(self.args.output_dir)), bool(self.args.greater_is_better)
        measures = epoch_measures(last, f"eval_{self.args.metric_for_best_model}") if last else []
        if epochs := epochs_stopped_after(measures, self._patience, greater_is_better=better):
            self.args.num_train_epochs = epochs  # no step is left to train: only the best epoch is loaded again
        self.train(resume_from_checkpoint=last and str(last))
        return list(self.state.log_history)


def epochs_stopped_after(measures: Sequence[float], patience: int, *, greater_is_better: bool = True) -> int:
    """Return how many epochs were measured if the last `patience` of them brought nothing better, else 0."""
    if not patience or not measures:
        return 0
    best = max(measures) if greater_is_better else min(measures)
    since_best = len(measures) - 1 - measures.index(best)
    return len(measures) if since_best >= patience else 0


def epoch_measures(checkpoint: Path, name: str = f"eval_{RANKING}") -> list[float]:
    """Return the measure of each epoch up to a checkpoint, in order."""
    history = json.loads((checkpoint / TRAINER_STATE).read_text("utf-8"))["log_history"]
    return [float(row[name]) for row in history if name in row]


def last_whole(folder: Path) -> Path | None:
    """Return the newest whole checkpoint of a folder, None if there is none; a newer one that was cut short is removed.

    Trainer writes TRAINER_STATE last: a checkpoint without it was cut short by a kill.
    """
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    while found:
        try:
            json.loads((found[-1] / TRAINER_STATE).read_text("utf-8"))
            return found[-1]
        except (OSError, ValueError):
            remove_folder(found.pop())
    return None
