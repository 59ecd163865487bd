"""Trained towers on disk: a folder of safetensors with a card, and what loads it.

user_tower.safetensors and card.json are always there. A news tower that learned as well has low-rank adapters
(adapter_model.safetensors) or a whole encoder (encoder/); without either, article vectors are those of the base model.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file

from broadsheet.config.retrieval import AS_THE_ENCODER_ASKS, Prefixes
from broadsheet.models import loading as models
from broadsheet.models import trained_folder
from broadsheet.models.licences import licence_of, require_own
from broadsheet.models.sentence_recipe import read_recipe
from broadsheet.models.trained_folder import ADAPTER, Card, FolderKind
from broadsheet.retrieval.towers.news_tower import NewsTower, load_news_tower
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.towers.user_tower import UserTower, new_user_tower
from broadsheet.tables.files import file_sha256

Mode = Literal["frozen", "lora", "last-n", "full"]
MODES: tuple[Mode, ...] = ("frozen", "lora", "last-n", "full")
USER_TOWER, ENCODER, SOURCE_WEIGHTS = "user_tower.safetensors", "encoder", "sources.json"
KIND = FolderKind("train towers", "retrieval.encoder", 'retrieval.towers = "untrained"')
ADAPTER_RANK = 8
LAST_LAYERS = 2
"""Layers that learn in the mode last-n."""


def shipped_towers() -> Path:
    """Return the folder of the small towers that come with the package."""
    return Path(__file__).with_name("towers_default")


def choose_towers(setting: str, own: Path, base: str, *, shipped: bool = True) -> Path | None:
    """Return the folder that retrieval.towers means, or None for untrained towers.

    "auto" is the newsroom's `own` folder if there is one, else the shipped one if it fits the base model, else None.
    Without `shipped` the shipped one is left out.
    Raises ModelError if a folder that was named or trained here is not whole, or was trained on another base model.
    """
    if not shipped and setting == "auto" and trained_folder.stands(own):
        require_own(own, KIND.command)
    unfit = "No trained towers fit, so the user tower is untrained until you run `broadsheet train towers`"
    return trained_folder.choose(
        setting, own, shipped_towers() if shipped else None, base, off="untrained", read=read_card, unfit=unfit
    )


def new_encoder(base: str, mode: Mode) -> Any:  # noqa: ANN401
    """Return the base encoder in float32, set up to train what `mode` says; None if the mode is frozen."""
    if mode == "frozen":
        return None
    # On a CPU dropout costs more than it gives.
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    encoder = models.load_weights(
        "AutoModel", models.resolve(base), add_pooling_layer=False, dtype=torch.float32, **still
    )
    if mode == "lora":
        return _adapted(encoder)
    first = 0 if mode == "full" else max(0, encoder.config.num_hidden_layers - LAST_LAYERS)
    for name, parameter in encoder.named_parameters():
        layer = name.partition("layer.")[2].partition(".")[0]
        parameter.requires_grad = mode == "full" or (layer.isdigit() and int(layer) >= first)
    return encoder


def _adapted(encoder: Any) -> Any:  # noqa: ANN401
    layers = encoder.config.num_hidden_layers
    return trained_folder.add_adapter(
        encoder,
        rank=ADAPTER_RANK,
        target_modules=["query", "key", "value", "dense"],
        layers_to_transform=list(range(layers // 2, layers)),  # the lower half then needs no backward pass
        layers_pattern="layer",
    )


def save_towers(
    model: TwoTowers, folder: Path, *, mode: Mode, base: str, card: Mapping[str, Any], kept: Path | None = None
) -> None:
    """Write trained towers into a new folder: the user tower and adapters in float16, a whole encoder in its dtype.

    In the mode frozen the news tower is that of the folder `kept`, or the base model if there is none.
    """
    folder.mkdir(parents=True)
    tower = model.user_tower
    write_user_tower(tower, folder / USER_TOWER)
    if mode == "frozen" and kept is not None:
        mode, card = _copy_news_tower(kept, folder), {**card, **licence_of(kept)}
    elif mode == "lora":
        trained_folder.save_adapter(model.encoder, folder, base)
    elif mode != "frozen":
        model.encoder.save_pretrained(str(folder / ENCODER))
        models.load("AutoTokenizer", models.resolve(base)).save_pretrained(str(folder / ENCODER))
    shape = {"interests": tower.interests, "layers": tower.bert.config.num_hidden_layers, "history": tower.history}
    trained_folder.write_card(folder, {**card, "mode": mode, "user_tower": shape}, base=base)


def _copy_news_tower(source: Path, target: Path) -> Mode:
    """Copy what the news tower of a folder has learned, if it has; return the mode that it learned in."""
    for path in [source / name for name in (*ADAPTER, ENCODER)]:
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        elif path.is_file():
            shutil.copyfile(path, target / path.name)
    mode: Mode = read_card(source)["mode"]
    return mode


def write_user_tower(tower: UserTower, path: Path) -> None:
    """Write the weights of a user tower in float16."""
    weights = {name: value.detach().to(torch.float16).contiguous() for name, value in tower.state_dict().items()}
    save_file(weights, path)


def read_card(folder: Path, base: str | None = None) -> Card:
    """Return the card of trained towers; `base` is the encoder that they must have been trained on, if given.

    Raises ModelError if training did not write the folder whole, or trained it on another encoder.
    """
    return trained_folder.read_card(folder, KIND, base, problem=_problem, files=_files)


def _problem(card: Card) -> str:
    mode, shape = card.get("mode"), card.get("user_tower")
    if mode not in MODES:
        return f"mode is {mode!r}, expected one of {', '.join(MODES)}"
    names = ("interests", "layers", "history")
    if not isinstance(shape, dict) or not all(isinstance(shape.get(name), int) for name in names):
        return f"user_tower is {shape!r}, expected whole numbers for {', '.join(names)}"
    return ""


def _files(card: Card) -> tuple[str, ...]:
    of_encoder: dict[str, tuple[str, ...]] = {"frozen": (), "lora": ADAPTER}
    return (USER_TOWER, *of_encoder.get(card["mode"], (f"{ENCODER}/config.json",)))


def load_user_tower(folder: Path | None, base: str, dim: int, *, history: int) -> UserTower:
    """Return the trained user tower, in evaluation mode, or the untrained one if there is no folder.

    Raises ModelError as `read_card` does, or if the weights are not those of the card.
    """
    if folder is None:
        return new_user_tower(dim, history=history)
    shape = read_card(folder, base)["user_tower"]
    weights = trained_folder.load_weights(folder, USER_TOWER, KIND)
    with trained_folder.reading_weights(folder, KIND):
        tower = UserTower(dim, **shape)
        tower.load_state_dict({name: value.float() for name, value in weights.items()})
    tower.history = min(tower.history, history)
    return tower.eval()


def load_trained_news_tower(
    folder: Path | None, base: str, *, max_tokens: int, prefixes: Prefixes = AS_THE_ENCODER_ASKS
) -> NewsTower:
    """Return the news tower of a folder of trained towers, or that of the base model if none is given or it is frozen.

    Raises ModelError as `read_card` does, or if the weights cannot be read; else what `load_news_tower` raises.
    """
    mode = "frozen" if folder is None else read_card(folder, base)["mode"]
    if folder is None or mode == "frozen":
        return load_news_tower(base, max_tokens=max_tokens, prefixes=prefixes)
    # Training pools by the mean; prefixes and centre are those of the base.
    recipe = replace(read_recipe(models.resolve(base)).with_prefixes(**vars(prefixes)), pooling="mean")
    if mode != "lora":
        return load_news_tower(str(folder / ENCODER), max_tokens=max_tokens, recipe=recipe)
    device = models.pick_device()
    encoder = trained_folder.merge_adapter(new_encoder(base, "full"), folder, KIND)
    tokenizer = models.load("AutoTokenizer", models.resolve(base))
    models.check_length("retrieval.max_tokens", max_tokens, encoder, tokenizer)
    made_by = [file_sha256(folder / name) for name in ADAPTER]
    fingerprint = " ".join([models.fingerprint(base), *made_by])
    encoder = encoder.eval().to(models.pick_dtype(device)).to(device)
    return NewsTower(encoder, tokenizer, max_tokens=max_tokens, fingerprint=fingerprint, recipe=recipe)
