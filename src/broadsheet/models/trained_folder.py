"""A folder of trained weights with a card: how every training's folder is written, checked, read and chosen.

card.json says how the weights were made. Where they belong to a base model, which never changes, the card has the
fingerprint of that model: weights are not loaded onto any other. A low-rank adapter (LoRA, Hu et al. 2021) is
adapter_model.safetensors with adapter_config.json, as peft writes them.
"""

from __future__ import annotations

import json
import logging
import os
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.tables.files import file_sha256, former_of

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

CARD = "card.json"
ADAPTER = ("adapter_model.safetensors", "adapter_config.json")

Card = dict[str, Any]


@dataclass(frozen=True)
class FolderKind:
    """What the folders of one training have in common, as error messages say it."""

    command: str
    "The command that writes such a folder, such as train towers."
    base_setting: str = ""
    "The setting that names the base model, such as retrieval.encoder; empty for a training without a base model."
    way_out: str = ""
    'The setting that does without such a folder, such as retrieval.towers = "untrained"; empty if there is none.'

    @property
    def expected(self) -> str:
        """The end of an error message: what was expected, and what to do."""
        way_out = f", or set {self.way_out}" if self.way_out else ""
        return f"Expected a folder that `broadsheet {self.command}` wrote: run it again{way_out}."


def write_card(folder: Path, card: Mapping[str, Any], *, base: str = "") -> None:
    """Write the card, the last file of a folder, with the base model's name and fingerprint if there is a base model.

    The card names the SHA-256 of every other file, so that a changed byte is noticed when the folder is read. The
    weights in the folder can then be read by everybody: safetensors writes them for their owner alone.
    """
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    document = {**card, "base": base, "base_fingerprint": models.fingerprint(base)} if base else dict(card)
    document["files"] = {name: file_sha256(path) for name, path in _trained_files(folder).items()}
    (folder / CARD).write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def stands(own: Path) -> bool:
    """Whether a newsroom has a trained folder of its own at a path.

    Also if there is a file, a link whose target is gone, or a folder that was moved aside by a switch cut short. Then
    the folder is read, and reading says what is wrong. Otherwise a model that was lost would be replaced by the
    package's without a word.
    """
    return os.path.lexists(own) or former_of(own).is_dir()


def read_card(
    folder: Path,
    kind: FolderKind,
    base: str | None = None,
    *,
    problem: Callable[[Card], str],
    files: Callable[[Card], Sequence[str]],
) -> Card:
    """Return the card of a folder that a training wrote whole.

    `problem` says what is wrong with a card, in words, or an empty text; `files` are the files that belong to it beside
    the card. Raises ModelError if the card or a file is missing, if the card is of another form, if a file changed
    after the training, or if the weights were trained on another base model than `base`, where that is given.
    """
    card = _read(folder, kind)
    if wrong := _lacks_base(card, kind) or problem(card):
        raise ModelError(f"{folder / CARD}: not a card that training wrote: {wrong}. {kind.expected}")
    if missing := [name for name in files(card) if not (folder / name).is_file()]:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {kind.expected}")
    if changed := _changed(folder, card):
        raise ModelError(
            f"{folder}: {', '.join(changed)} changed since the training: {CARD} names another SHA-256. Restore the "
            f"folder from a copy. {kind.expected}"
        )
    if base is not None and card["base_fingerprint"] != models.fingerprint(base):
        way_out = f", or set {kind.way_out}" if kind.way_out else ""
        raise ModelError(
            f"{folder}: trained on base model {card['base_fingerprint']}, but {kind.base_setting} = {base!r} is "
            f"{models.fingerprint(base)}. Train it again with `broadsheet {kind.command}`, name the base model that it "
            f"was trained on{way_out}."
        )
    return card


def _read(folder: Path, kind: FolderKind) -> Card:
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except FileNotFoundError as error:
        former = former_of(folder)
        if former.is_dir() and not folder.exists():
            raise ModelError(f"{folder}: a switch to another model was cut short. Rename {former} to it.") from error
        raise ModelError(f"{folder}: no {CARD}. {kind.expected}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder / CARD}: not a card that training wrote ({error!r}). {kind.expected}") from error
    if not isinstance(card, dict):
        raise ModelError(f"{folder / CARD}: not a card that training wrote: it is {card!r}. {kind.expected}")
    return card


def _trained_files(folder: Path) -> dict[str, Path]:
    """Return the files of weights and their settings, by their names in the folder."""
    kinds = (".safetensors", ".json", ".txt")
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.suffix in kinds}
    return {name: path for name, path in found.items() if name != CARD}


def _changed(folder: Path, card: Card) -> list[str]:
    """Return the files that do not have the SHA-256 of the card; cards of earlier versions name no hashes."""
    expected = card.get("files")
    if not isinstance(expected, dict):
        return []
    states = ((name, path, path.stat()) for name, path in _trained_files(folder).items() if name in expected)
    return [name for name, path, now in states if _sha256(path, now.st_size, now.st_mtime_ns) != expected[name]]


@lru_cache(maxsize=32)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    del size, mtime_ns  # keys of the cache: a card is read more than once, and weights are large
    return file_sha256(path)


def _lacks_base(card: Card, kind: FolderKind) -> str:
    if not kind.base_setting or isinstance(card.get("base_fingerprint"), str):
        return ""
    return f"it names {', '.join(card) or 'nothing'}, expected a base_fingerprint"


def choose(
    setting: str,
    own: Path,
    shipped: Path | None,
    base: str,
    *,
    off: str,
    read: Callable[[Path, str | None], Card],
    unfit: str = "",
) -> Path | None:
    """Return the folder that a setting means, or None for the base model alone.

    The setting is `off` for None, "auto", or a folder. "auto" is the newsroom's `own` folder if there is one, else the
    `shipped` one if that is given and was trained on the base model, else None; then `unfit`, if given, is logged as a
    warning. `read` checks a folder, against a base model if one is given. Raises ModelError as `read` does.
    """
    if setting == off:
        return None
    if setting != "auto" or stands(own):
        folder = own if setting == "auto" else Path(setting).expanduser()
        read(folder, base)
        return folder.resolve()
    if shipped is None or not shipped.is_dir():
        return None
    made_on, found = read(shipped, None)["base_fingerprint"], models.fingerprint(base)
    if made_on == found:
        return shipped
    if unfit:
        log.warning("%s: %s was trained on base model %s, and %r is %s.", unfit, shipped, made_on, base, found)
    return None


def add_adapter(network: Any, *, rank: int, **options: Any) -> Any:  # noqa: ANN401
    """Return a network with a fresh adapter, which alone is trained; `options` are those of peft.LoraConfig."""
    from peft import LoraConfig, get_peft_model

    with _quiet_peft():
        return get_peft_model(network, LoraConfig(r=rank, lora_alpha=2 * rank, **options))


def save_adapter(network: Any, folder: Path, base: str) -> None:  # noqa: ANN401
    """Write the adapter of a network into a folder, in float16, which the network has afterwards too."""
    import torch

    network.to(torch.float16).save_pretrained(str(folder))
    path = folder / ADAPTER[1]
    settings = json.loads(path.read_text("utf-8")) | {"base_model_name_or_path": base}
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / "README.md").unlink(missing_ok=True)


def merge_adapter(network: Any, folder: Path, kind: FolderKind) -> Any:  # noqa: ANN401
    """Return a base network with a folder's adapter added to its weights; the network given is used up.

    Raises ModelError if the adapter cannot be read, is of another shape, lacks a weight or has one that is not finite.
    """
    from peft import PeftModel

    load_weights(folder, ADAPTER[0], kind)
    with reading_weights(folder, kind), _quiet_peft():
        warnings.filterwarnings("error", "Found missing adapter keys")
        return PeftModel.from_pretrained(network, str(folder)).merge_and_unload()


def load_weights(folder: Path, name: str, kind: FolderKind) -> dict[str, torch.Tensor]:
    """Return the weights of a safetensors file; raises ModelError if it cannot be read or one is not finite."""
    from safetensors.torch import load_file

    with reading_weights(folder, kind):
        weights: dict[str, torch.Tensor] = load_file(folder / name)
    if damaged := [name for name, values in weights.items() if not values.isfinite().all()]:
        raise ModelError(
            f"{folder / name}: found weights that are infinite or not a number in {', '.join(damaged)}, expected "
            f"finite numbers. {kind.expected}"
        )
    return weights


@contextmanager
def reading_weights(folder: Path, kind: FolderKind) -> Iterator[None]:
    """Turn whatever torch, peft and safetensors raise for weights that do not fit into one ModelError."""
    try:
        yield
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, UserWarning) as error:
        reason = textwrap.shorten(str(error), 300, placeholder=" …")  # peft names every layer
        raise ModelError(f"{folder}: the weights cannot be read ({reason}). {kind.expected}") from error


@contextmanager
def _quiet_peft() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        warnings.simplefilter("ignore", UserWarning)  # peft tells that it sees how GPT-2 keeps its weights
        yield
