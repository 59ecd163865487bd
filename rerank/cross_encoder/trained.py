"""The files of a trained cross-encoder: an adapter or a whole encoder, the scoring head, and a card.

adapter_model.safetensors, adapter_config.json   LoRA's weights, in float16        (mode "lora")
encoder.safetensors                              all weights, in float16           (mode "full")
head.safetensors                                 scale, offset and linear layer
card.json                                        data, recipe, metrics, base model
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors.torch import save_file

from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.models import trained_folder
from broadsheet.models.cpu_bert import can_forward
from broadsheet.models.trained_folder import ADAPTER, Card, FolderKind
from broadsheet.rerank.cross_encoder.model import CrossEncoder, PairScorer

Mode = Literal["lora", "full"]
"""Which weights of the encoder are trained: low-rank adapters, or all."""
MODES: tuple[Mode, ...] = get_args(Mode)
HEAD, ENCODER = "head.safetensors", "encoder.safetensors"
KIND = FolderKind("train reranker", "rerank.encoder")
ADAPTER_RANK = 16


def shipped_adapter() -> Path:
    """Return the folder of the small adapter that comes with the package."""
    return Path(__file__).with_name("adapter")


def choose_cross_encoder(own: Path, base: str, *, shipped: bool = True) -> Path | None:
    """Return the newsroom's `own` folder if it exists, else the package's folder if it fits the base model, else None.

    Without `shipped` the package's folder is left out.

    Raises ModelError if the base model cannot be found, or if the newsroom's own folder is not whole or was trained on
    another base model.
    """
    unfit = (
        "No trained cross-encoder fits, so relevance is absent from the ranking until you run "
        "`broadsheet train reranker`"
    )
    return trained_folder.choose(
        "auto", own, shipped_adapter() if shipped else None, base, off="none", read=read_card, unfit=unfit
    )


def new_cross_encoder(base: str, mode: Mode = "lora") -> CrossEncoder:
    """Return a cross-encoder on a base model, with fresh adapters or with all of its weights to train."""
    # On a CPU dropout costs more than it gives here.
    bert = load_base(base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    if mode == "full":
        return CrossEncoder(bert)
    targets = ["query", "key", "value", "dense"]
    return CrossEncoder(trained_folder.add_adapter(bert, rank=ADAPTER_RANK, target_modules=targets))


def save_cross_encoder(model: CrossEncoder, folder: Path, *, base: str, mode: Mode, card: Mapping[str, Any]) -> None:
    """Write a trained cross-encoder into a new folder, the encoder's weights in float16."""
    folder.mkdir(parents=True)
    if mode == "full":
        bert = model.bert.to(torch.float16)
        save_file({name: value.detach().contiguous() for name, value in bert.state_dict().items()}, folder / ENCODER)
    else:
        trained_folder.save_adapter(model.bert, folder, base)
    head = {
        name: value.detach().contiguous() for name, value in model.state_dict().items() if not name.startswith("bert.")
    }
    save_file(head, folder / HEAD)
    trained_folder.write_card(folder, {**card, "mode": mode}, base=base)


def load_cross_encoder(folder: Path, base: str, *, max_tokens: int) -> PairScorer:
    """Load a trained cross-encoder onto its base model.

    Raises ModelError if a file is missing or damaged, or if the cross-encoder was trained on another base model;
    ConfigError if the base model cannot read `max_tokens` tokens.
    """
    card = read_card(folder, base)
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
            f"rerank.encoder = {name!r}: found a model with {segments} kinds of segments, expected 2, for history and "
            "candidate. "
            "Name a BERT model."
        )
    return bert


def read_weights(folder: Path, bert: Any) -> CrossEncoder:  # noqa: ANN401
    """Return a cross-encoder with a folder's trained weights and head; the base model `bert` is changed on the way.

    Raises ModelError if the weights or the head are missing or damaged, or do not fit `bert`.
    """
    head = trained_folder.load_weights(folder, HEAD, KIND)
    if mode_of(read_card(folder)) == "full":
        weights = trained_folder.load_weights(folder, ENCODER, KIND)
        with trained_folder.reading_weights(folder, KIND):
            bert.load_state_dict({name: value.float() for name, value in weights.items()})
    else:
        bert = trained_folder.merge_adapter(bert, folder, KIND)
    model = CrossEncoder(bert)
    found = {name: tuple(value.shape) for name, value in head.items()}
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items() if not name.startswith("bert.")}
    if found != expected:
        raise ModelError(f"{folder / HEAD}: holds {found}, expected {expected}. {KIND.expected}")
    if not head["linear.weight"].any():
        raise ModelError(f"{folder / HEAD}: the head was never trained, all its weights are 0. {KIND.expected}")
    model.load_state_dict(head, strict=False)
    return model


def mode_of(card: Mapping[str, Any]) -> str:
    """Return a card's mode, "lora" or "full"; a card without a mode is older than full training and means "lora"."""
    return str(card.get("mode", "lora"))


def read_card(folder: Path, base: str | None = None) -> Card:
    """Return the card of a trained cross-encoder; with `base`, it must have been trained on this base model.

    Raises ModelError if a file is missing or damaged, or if it was trained on another base model.
    """
    return trained_folder.read_card(folder, KIND, base, problem=_problem, files=_files)


def _problem(card: Card) -> str:
    mode = mode_of(card)
    return "" if mode in MODES else f"mode is {mode!r}, expected one of {', '.join(MODES)}"


def _files(card: Card) -> tuple[str, ...]:
    return (HEAD, ENCODER) if mode_of(card) == "full" else (HEAD, *ADAPTER)
