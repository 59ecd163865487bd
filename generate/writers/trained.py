"""The files of a trained writer: adapters or a whole model, and a card.

adapter_model.safetensors, adapter_config.json   what LoRA learned, in float16     (mode "lora")
config.json, model.safetensors, tokenizer …      a model's folder, in float16      (mode "full")
card.json                                        data, recipe, losses, base model, the jobs that were learned
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from broadsheet.generate.writers.training_pairs import JOBS
from broadsheet.models import loading as models
from broadsheet.models import trained_folder
from broadsheet.models.trained_folder import ADAPTER, Card, FolderKind

Mode = Literal["lora", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)
KIND = FolderKind("train writer", "generate.writer", 'generate.tuned = "none"')
_FILES: dict[str, tuple[str, ...]] = {"lora": ADAPTER, "full": ("config.json", "model.safetensors")}


def shipped_writer() -> Path:
    """Return the folder of the small adapters that come with the package."""
    return Path(__file__).with_name("headline_adapter")


def choose_tuned(setting: str, own: Path, base: str, *, shipped: bool = True) -> Path | None:
    """Return the folder of the trained writer that the setting generate.tuned names; None for the base model alone.

    "auto" names the newsroom's `own` folder if it exists, else the folder of the package if it fits the base model,
    else None. Raises ModelError if a folder that the setting names, or the newsroom's own, is not whole or was trained
    on another base model. Without `shipped` the package's folder is left out.
    """
    return trained_folder.choose(setting, own, shipped_writer() if shipped else None, base, off="none", read=read_card)


def with_adapters(network: Any, rank: int) -> Any:  # noqa: ANN401
    """Return a network with new adapters on all of its linear layers; training changes the adapters only."""
    return trained_folder.add_adapter(network, rank=rank, target_modules="all-linear")


def save_tuned(
    network: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    folder: Path,
    *,
    base: str,
    mode: Mode,
    card: Mapping[str, Any],
) -> None:
    """Write a trained writer into a new folder, its weights in float16."""
    folder.mkdir(parents=True)
    if mode == "full":
        network.to(torch.float16).save_pretrained(str(folder))
        tokenizer.save_pretrained(str(folder))
    else:
        trained_folder.save_adapter(network, folder, base)
    trained_folder.write_card(folder, {**card, "mode": mode}, base=base)


def load_tuned(folder: Path, network: Any, base: str, kind: str) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401
    """Return the trained network, in the base network's dtype, and the jobs that it learned.

    `network` is the base network, which is not changed; `kind` is the class of transformers that loads it. Raises
    ModelError if a file is missing or damaged, or if the writer was trained on another base model.
    """
    card = read_card(folder, base)
    if card["mode"] == "full":
        with trained_folder.reading_weights(folder, KIND):
            found = models.load_weights(kind, str(folder), dtype=network.dtype)
    else:
        fresh = models.load_weights(kind, models.resolve(base), dtype=network.dtype)
        found = trained_folder.merge_adapter(fresh, folder, KIND)
        # Adapters do not change the input embeddings, so both networks share one copy of them.
        found.set_input_embeddings(network.get_input_embeddings())
        found.tie_weights()
    return found.eval(), tuple(card["jobs"])


def read_card(folder: Path, base: str | None = None) -> Card:
    """Return the card of a trained writer; with `base`, the writer must have been trained on this base model.

    Raises ModelError if a file is missing or damaged, or if the writer was trained on another base model.
    """
    return trained_folder.read_card(folder, KIND, base, problem=_problem, files=lambda card: _FILES[card["mode"]])


def _problem(card: Card) -> str:
    mode, jobs = card.get("mode"), card.get("jobs")
    if mode not in MODES:
        return f"mode is {mode!r}, expected one of {', '.join(MODES)}"
    if not isinstance(jobs, list) or not all(job in JOBS for job in jobs):
        return f"jobs is {jobs!r}, expected a list of {', '.join(JOBS)}"
    return ""
