"""The files of a writer that was trained: adapters or a whole model, and a card.

adapter_model.safetensors, adapter_config.json   what LoRA learned, in float16     (mode "lora")
config.json, model.safetensors, tokenizer …      a model's folder, in float16      (mode "full")
card.json                                        data, recipe, losses, base model, the jobs that were learned
"""

import json
import logging
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from broadsheet.errors import ModelError
from broadsheet.generate.writers.training_pairs import JOBS
from broadsheet.models import loading as models

log = logging.getLogger(__name__)

Mode = Literal["lora", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)
CARD, ADAPTER = "card.json", ("adapter_model.safetensors", "adapter_config.json")
_FILES: dict[str, tuple[str, ...]] = {"lora": ADAPTER, "full": ("config.json", "model.safetensors")}
AGAIN = "Expected a folder that `broadsheet train writer` wrote: run it again, or set generate.tuned."


def shipped_writer() -> Path:
    """Return the folder of the small adapters that come with the package."""
    return Path(__file__).with_name("headline_adapter")


def choose_tuned(setting: str, own: Path, base: str) -> Path | None:
    """Return the folder that generate.tuned means, or None for the base model alone.

    "auto" is the newsroom's own, else what is shipped if it fits the base model, else none. Raises ModelError if a
    folder that was named or trained here is not whole, or was trained on another base model.
    """
    if setting == "none":
        return None
    if setting != "auto" or own.is_dir():
        folder = own if setting == "auto" else Path(setting).expanduser()
        read_card(folder, base)
        return folder.resolve()
    shipped = shipped_writer()
    if not shipped.is_dir():
        return None
    card = _read(shipped)
    return shipped if card["base_fingerprint"] == models.fingerprint(base) else None


def with_adapters(network: Any, rank: int) -> Any:  # noqa: ANN401
    """Return a network with fresh adapters on all of its linear layers, which alone are trained."""
    from peft import LoraConfig, get_peft_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # peft tells that it sees how GPT-2 keeps its weights
        return get_peft_model(network, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear"))


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
    network.to(torch.float16).save_pretrained(str(folder))
    if mode == "full":
        tokenizer.save_pretrained(str(folder))
    else:
        settings = json.loads((folder / ADAPTER[1]).read_text("utf-8")) | {"base_model_name_or_path": base}
        (folder / ADAPTER[1]).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
        (folder / "README.md").unlink(missing_ok=True)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes them for their owner alone
    document = {**card, "mode": mode, "base": base, "base_fingerprint": models.fingerprint(base)}
    (folder / CARD).write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def load_tuned(folder: Path, network: Any, base: str, kind: str) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401
    """Return the trained network in the base network's dtype, which stays as it was, and the jobs that it learned.

    `kind` is the class of transformers that loads it. Raises ModelError if the folder is not a whole one that training
    wrote, or was trained on another base model.
    """
    card = read_card(folder, base)
    try:
        if card["mode"] == "full":
            found = models.load_weights(kind, str(folder), dtype=network.dtype)
        else:
            found = _merged(folder, base, kind, network)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, UserWarning) as error:
        reason = textwrap.shorten(str(error), 300, placeholder=" …")  # peft names every layer
        raise ModelError(f"{folder}: the weights cannot be read ({reason}). {AGAIN}") from error
    return found.eval(), tuple(card["jobs"])


def _merged(folder: Path, base: str, kind: str, network: Any) -> Any:  # noqa: ANN401
    from peft import PeftModel

    damaged = [name for name, values in load_file(folder / ADAPTER[0]).items() if not values.isfinite().all()]
    if damaged:
        raise ValueError(f"not finite: {', '.join(damaged)}")
    fresh = models.load_weights(kind, models.resolve(base), dtype=network.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        warnings.filterwarnings("error", "Found missing adapter keys")
        merged = PeftModel.from_pretrained(fresh, str(folder)).merge_and_unload()
    merged.set_input_embeddings(network.get_input_embeddings())  # adapters leave them as they are: held once
    merged.tie_weights()
    return merged


def read_card(folder: Path, base: str) -> dict[str, Any]:
    """Return the card of a folder that holds a writer trained on this base model; raises ModelError for another."""
    card = _read(folder)
    if card["base_fingerprint"] != models.fingerprint(base):
        raise ModelError(
            f"{folder}: trained on base model {card['base_fingerprint']}, but generate.writer = {base!r} is "
            f"{models.fingerprint(base)}. Train it again with `broadsheet train writer`, name the base model that it "
            'was trained on, or set generate.tuned = "none".'
        )
    return card


def _read(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: no {CARD}. {AGAIN}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / CARD}: not a card that training wrote ({error!r}). {AGAIN}") from error
    if (
        not isinstance(card, dict)
        or not isinstance(card.get("base_fingerprint"), str)
        or card.get("mode") not in MODES
        or not isinstance(card.get("jobs"), list)
        or not set(card["jobs"]) <= set(JOBS)
    ):
        raise ModelError(
            f"{folder / CARD}: not a card that training wrote: expected base_fingerprint, a mode of {', '.join(MODES)} "
            f"and jobs of {', '.join(JOBS)}. {AGAIN}"
        )
    if missing := [name for name in _FILES[card["mode"]] if not (folder / name).is_file()]:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {AGAIN}")
    return card
