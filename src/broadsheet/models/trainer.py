"""How transformers.Trainer is set up where a stage trains a model, and its newest whole checkpoint."""

import json
import sys
from pathlib import Path
from typing import Any, Protocol

from broadsheet.models import loading as models
from broadsheet.tables.files import remove_folder


class Recipe(Protocol):
    """The settings that every training has."""

    @property
    def epochs(self) -> int:
        """Epochs at most."""

    @property
    def batch_size(self) -> int:
        """Examples a step."""

    @property
    def weight_decay(self) -> float:
        """Of what learns."""


def trainer_arguments(
    recipe: Recipe, checkpoints: Path, *, learning_rate: float, seed: int, metric: str, greater_is_better: bool
) -> dict[str, Any]:
    """Return the options of TrainingArguments: a checkpoint and a measure each epoch, the best by `metric` kept."""
    import torch

    device = models.pick_device()
    return {
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
        "save_total_limit": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": metric,
        "greater_is_better": greater_is_better,
        "logging_steps": 10,
        "seed": seed,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": not sys.stderr.isatty(),
        "dataloader_pin_memory": False,
    }


TRAINER_STATE = "trainer_state.json"


def last_whole(folder: Path) -> str | None:
    """Return the newest whole checkpoint; Trainer writes its state last, so one without it was cut short, and goes."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    while found:
        try:
            json.loads((found[-1] / TRAINER_STATE).read_text("utf-8"))
            return str(found[-1])
        except (OSError, ValueError):
            remove_folder(found.pop())
    return None
