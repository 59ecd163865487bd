"""Trained towers on disk: a folder of safetensors with a card, and what loads it.

user_tower.safetensors and card.json are always there. A news tower that learned as well has low-rank adapters
(adapter_model.safetensors) or a whole encoder (encoder/); without either, article vectors are those of the base model.
"""

import json
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.retrieval.towers.news_tower import NewsTower, load_news_tower
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.towers.user_tower import UserTower, new_user_tower
from broadsheet.tables.files import file_sha256

log = logging.getLogger(__name__)

Mode = Literal["frozen", "lora", "last-n", "full"]
MODES: tuple[Mode, ...] = ("frozen", "lora", "last-n", "full")
CARD, USER_TOWER, ADAPTER, ENCODER, SOURCE_WEIGHTS = (
    "card.json",
    "user_tower.safetensors",
    "adapter_model.safetensors",
    "encoder",
    "sources.json",
)
ADAPTER_RANK = 8
LAST_LAYERS = 2
"""Layers that learn in the mode last-n."""
AGAIN = "Expected a folder that `broadsheet train towers` wrote: run it again, or set retrieval.towers."


def shipped_towers() -> Path:
    """Return the folder of the small towers that come with the package."""
    return Path(__file__).with_name("towers_default")


def choose_towers(setting: str, own: Path, base: str) -> Path | None:
    """Return the folder that retrieval.towers means, or None for untrained towers.

    "auto" is the newsroom's own towers, else those shipped if they fit the base model, else none. Raises ModelError if
    a folder that was named or trained here is not whole, or was trained on another base model.
    """
    if setting == "untrained":
        return None
    if setting != "auto" or own.is_dir():
        folder = own if setting == "auto" else Path(setting).expanduser()
        read_card(folder, base)
        return folder.resolve()
    shipped = shipped_towers()
    if not shipped.is_dir():
        return None
    models.fingerprint(base)  # no base model at all is an error; another than that of the shipped towers is not
    try:
        read_card(shipped, base)
    except ModelError as error:
        log.warning("No trained towers fit, so they are untrained: %s", error)
        return None
    return shipped


def new_encoder(base: str, mode: Mode) -> Any:  # noqa: ANN401
    """Return the base encoder in float32 with what `mode` trains of it, or None if that is nothing."""
    if mode == "frozen":
        return None
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # on a CPU it costs more than it gives
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
    from peft import LoraConfig, get_peft_model

    layers = encoder.config.num_hidden_layers
    config = LoraConfig(
        r=ADAPTER_RANK,
        lora_alpha=2 * ADAPTER_RANK,
        target_modules=["query", "key", "value", "dense"],
        layers_to_transform=list(range(layers // 2, layers)),  # the lower half then needs no backward pass
        layers_pattern="layer",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        return get_peft_model(encoder, config)


def save_towers(model: TwoTowers, folder: Path, *, mode: Mode, base: str, card: Mapping[str, Any]) -> None:
    """Write trained towers into a new folder; weights in float16, but for a whole encoder."""
    folder.mkdir(parents=True)
    tower = model.user_tower
    weights = {name: value.detach().to(torch.float16).contiguous() for name, value in tower.state_dict().items()}
    save_file(weights, folder / USER_TOWER)
    if mode == "lora":
        model.encoder.to(torch.float16).save_pretrained(str(folder))
        settings = json.loads((folder / "adapter_config.json").read_text("utf-8")) | {"base_model_name_or_path": base}
        (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
        (folder / "README.md").unlink(missing_ok=True)
    elif mode != "frozen":
        model.encoder.save_pretrained(str(folder / ENCODER))
        models.load("AutoTokenizer", models.resolve(base)).save_pretrained(str(folder / ENCODER))
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes them for their owner alone
    shape = {"interests": tower.interests, "layers": tower.bert.config.num_hidden_layers, "history": tower.history}
    document = {**card, "mode": mode, "base": base, "base_fingerprint": models.fingerprint(base), "user_tower": shape}
    (folder / CARD).write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def read_card(folder: Path, base: str) -> dict[str, Any]:
    """Return the card of trained towers.

    Raises ModelError if the folder is not a whole one that training wrote, or was trained on another base model.
    """
    missing = [name for name in (CARD, USER_TOWER) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {AGAIN}")
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
        found, mode = card["base_fingerprint"], card["mode"]
        _ = [int(card["user_tower"][name]) for name in ("interests", "layers", "history")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD}: not a card that training wrote ({error!r}). {AGAIN}") from error
    wanted = {"lora": (ADAPTER, "adapter_config.json"), "frozen": ()}.get(mode, (f"{ENCODER}/config.json",))
    missing = [name for name in wanted if not (folder / name).is_file()]
    if mode not in MODES:
        raise ModelError(f"{folder / CARD}: mode is {mode!r}, expected one of {', '.join(MODES)}. {AGAIN}")
    if missing:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {AGAIN}")
    if found != models.fingerprint(base):
        raise ModelError(
            f"{folder}: trained on base model {found}, but retrieval.encoder = {base!r} is {models.fingerprint(base)}. "
            "Train the towers again with `broadsheet train towers`, name the encoder that they were trained on, or set "
            'retrieval.towers = "untrained".'
        )
    return card


def load_user_tower(folder: Path | None, base: str, dim: int, *, history: int) -> UserTower:
    """Return the trained user tower, in evaluation mode, or the untrained one if there is no folder.

    Raises ModelError as `read_card` does, or if the weights are not those of the card.
    """
    if folder is None:
        return new_user_tower(dim, history=history)
    shape = read_card(folder, base)["user_tower"]
    try:
        tower = UserTower(dim, **shape)
        weights = {name: value.float() for name, value in load_file(folder / USER_TOWER).items()}
        tower.load_state_dict(weights)
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{folder / USER_TOWER}: cannot be read ({reason}). {AGAIN}") from error
    tower.history = min(tower.history, history)
    return tower.eval()


def load_trained_news_tower(folder: Path | None, base: str, *, max_tokens: int) -> NewsTower:
    """Return the news tower of a folder of trained towers, or that of the base model if none is given or it is frozen.

    Raises ModelError as `read_card` does, or if the weights cannot be read; else what `load_news_tower` raises.
    """
    mode = "frozen" if folder is None else read_card(folder, base)["mode"]
    if folder is None or mode == "frozen":
        return load_news_tower(base, max_tokens=max_tokens)
    if mode != "lora":
        return load_news_tower(str(folder / ENCODER), max_tokens=max_tokens)
    device = models.pick_device()
    encoder = _merged(folder, new_encoder(base, "full"))
    tokenizer = models.load("AutoTokenizer", models.resolve(base))
    models.check_length("retrieval.max_tokens", max_tokens, encoder, tokenizer)
    made_by = [file_sha256(folder / name) for name in (ADAPTER, "adapter_config.json")]
    fingerprint = " ".join([models.fingerprint(base), *made_by])
    encoder = encoder.eval().to(models.pick_dtype(device)).to(device)
    return NewsTower(encoder, tokenizer, max_tokens=max_tokens, fingerprint=fingerprint)


def _merged(folder: Path, encoder: Any) -> Any:  # noqa: ANN401
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
            warnings.filterwarnings("error", "Found missing adapter keys")
            return PeftModel.from_pretrained(encoder, str(folder)).merge_and_unload()
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, UserWarning) as error:
        raise ModelError(f"{folder}: the adapter cannot be read ({error}). {AGAIN}") from error
