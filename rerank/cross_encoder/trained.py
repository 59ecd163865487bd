"""The files of a trained cross-encoder: an adapter or a whole encoder, the scoring head, and a card.

adapter_model.safetensors, adapter_config.json   what LoRA learned, in float16     (mode "lora")
encoder.safetensors                              all weights, in float16           (mode "full")
head.safetensors                                 scale, offset and linear layer
card.json                                        data, recipe, metrics, base model
"""

import hashlib
import json
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.models.cpu_bert import can_forward
from broadsheet.rerank.cross_encoder.model import CrossEncoder, PairScorer

Mode = Literal["lora", "full"]
"""What of the encoder learns: low-rank adapters, or all of it."""
MODES: tuple[Mode, ...] = get_args(Mode)
HEAD, CARD, ENCODER = "head.safetensors", "card.json", "encoder.safetensors"
ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
AGAIN = "Expected a folder that `broadsheet train reranker` wrote: run it again."
ADAPTER_RANK = 16


def new_cross_encoder(base: str, mode: Mode = "lora") -> CrossEncoder:
    """Return a cross-encoder on a base model, with fresh adapters or with all of its weights to train."""
    # On a CPU dropout costs more than it gives here.
    bert = load_base(base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    if mode == "full":
        return CrossEncoder(bert)
    from peft import LoraConfig, get_peft_model

    targets = ["query", "key", "value", "dense"]
    config = LoraConfig(r=ADAPTER_RANK, lora_alpha=2 * ADAPTER_RANK, target_modules=targets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        return CrossEncoder(get_peft_model(bert, config))


def save_cross_encoder(model: CrossEncoder, folder: Path, *, base: str, mode: Mode, card: Mapping[str, Any]) -> None:
    """Write a trained cross-encoder into a new folder, the encoder's weights in float16."""
    folder.mkdir(parents=True)
    bert = model.bert.to(torch.float16)
    if mode == "full":
        save_file({name: value.detach().contiguous() for name, value in bert.state_dict().items()}, folder / ENCODER)
    else:
        bert.save_pretrained(str(folder))
        settings = json.loads((folder / "adapter_config.json").read_text("utf-8")) | {"base_model_name_or_path": base}
        (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
        (folder / "README.md").unlink(missing_ok=True)
    head = {
        name: value.detach().contiguous() for name, value in model.state_dict().items() if not name.startswith("bert.")
    }
    save_file(head, folder / HEAD)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes them for their owner alone
    document = {**card, "mode": mode, "base": base, "base_fingerprint": models.fingerprint(base)}
    (folder / CARD).write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def load_cross_encoder(folder: Path, base: str, *, max_tokens: int) -> PairScorer:
    """Load a trained cross-encoder onto its base model.

    Raises ModelError if the folder is not a whole one that training wrote, or was trained on another base model;
    ConfigError if the base model reads fewer tokens.
    """
    card = read_card(folder)
    if card["base_fingerprint"] != models.fingerprint(base):
        raise ModelError(
            f"{folder}: trained on base model {card['base_fingerprint']}, but rerank.encoder = {base!r} is "
            f"{models.fingerprint(base)}. Train it again with `broadsheet train reranker`, or name the base "
            "model that it was trained on."
        )
    device = models.pick_device()
    model = read_weights(folder, load_base(base))
    products = models.pick_dtype(device)
    if not can_forward(model.bert.to(device)):
        model.bert.to(products)
    tokenizer = models.load("AutoTokenizer", models.resolve(base))
    models.check_length("rerank.max_tokens", max_tokens, model.bert, tokenizer)
    name = f"{card['base_fingerprint']} {models.folder_fingerprint(folder)} {max_tokens}"
    fingerprint = hashlib.sha256(name.encode()).hexdigest()[:16]
    return PairScorer(model.to(device), tokenizer, max_tokens, fingerprint, products)


def load_base(name: str, **options: Any) -> Any:  # noqa: ANN401
    """Load the BERT of a cross-encoder in float32; raises ModelError if it cannot tell two segments apart."""
    resolved = models.resolve(name)
    bert = models.load_weights("AutoModel", resolved, add_pooling_layer=False, dtype=torch.float32, **options)
    segments = getattr(bert.config, "type_vocab_size", 0)
    if segments < 2:
        raise ModelError(
            f"rerank.encoder = {name!r}: tells {segments} segments apart, expected 2, history and candidate. "
            "Name a BERT model."
        )
    return bert


def read_weights(folder: Path, bert: Any) -> CrossEncoder:  # noqa: ANN401
    """Put what was trained into its base model and its head on; raises ModelError unless both are whole."""
    whole = mode_of(read_card(folder)) == "full"
    try:
        head, weights = load_file(folder / HEAD), load_file(folder / (ENCODER if whole else ADAPTER[0]))
        if whole:
            bert.load_state_dict({name: value.float() for name, value in weights.items()})
        model = CrossEncoder(bert if whole else _merged(folder, bert))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, UserWarning) as error:
        reason = textwrap.shorten(str(error), 300, placeholder=" …")  # peft names every layer
        raise ModelError(f"{folder}: the weights cannot be read ({reason}). {AGAIN}") from error
    found = {name: tuple(value.shape) for name, value in head.items()}
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items() if not name.startswith("bert.")}
    if found != expected:
        raise ModelError(f"{folder / HEAD}: holds {found}, expected {expected}. {AGAIN}")
    damaged = [name for name, values in (head | weights).items() if not values.isfinite().all()]
    if damaged:
        raise ModelError(
            f"{folder}: found weights that are infinite or not a number in {', '.join(damaged)}, expected finite "
            f"ones. {AGAIN}"
        )
    if not head["linear.weight"].any():
        raise ModelError(f"{folder / HEAD}: the head was never trained, all its weights are 0. {AGAIN}")
    model.load_state_dict(head, strict=False)
    return model


def _merged(folder: Path, bert: Any) -> Any:  # noqa: ANN401
    from peft import PeftModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        warnings.filterwarnings("error", "Found missing adapter keys")
        return PeftModel.from_pretrained(bert, str(folder)).merge_and_unload()


def mode_of(card: Mapping[str, Any]) -> str:
    """Return what of the encoder was trained; cards of before there was a choice are of adapters."""
    return str(card.get("mode", "lora"))


def read_card(folder: Path) -> dict[str, Any]:
    """Return what training wrote of itself; raises ModelError for a folder that training did not write whole."""
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: no {CARD}. {AGAIN}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / CARD}: not a card that training wrote ({error!r}). {AGAIN}") from error
    if not isinstance(card, dict) or not isinstance(card.get("base_fingerprint"), str):
        found = f"names {', '.join(card) or 'nothing'}" if isinstance(card, dict) else f"is {card!r}"
        raise ModelError(
            f"{folder / CARD}: not a card that training wrote: it {found}, expected a base_fingerprint. {AGAIN}"
        )
    if (mode := mode_of(card)) not in MODES:
        raise ModelError(f"{folder / CARD}: mode is {mode!r}, expected one of {', '.join(MODES)}. {AGAIN}")
    files = (HEAD, ENCODER) if mode == "full" else (HEAD, *ADAPTER)
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {AGAIN}")
    return card


def shipped_adapter() -> Path:
    """Return the folder of the small adapter that comes with the package."""
    return Path(__file__).with_name("adapter")
