"""The sizes in a model's config, checked before the model is made: a wrong size would take all memory, or no end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from broadsheet.errors import ModelError, join_problems

MOST_LAYERS = 1_000
MOST = 10_000_000
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model")
_VOCABULARY = "vocab_size"
_OTHERS = (
    "num_attention_heads",
    "num_key_value_heads",
    "n_head",
    "num_heads",
    "d_kv",
    "d_ff",
    "intermediate_size",
    "max_position_embeddings",
    "n_positions",
)


def check_sizes(config: Mapping[str, Any], name: str) -> None:
    """Raise ModelError for a config whose sizes are no whole numbers, no sizes, or beyond the weights in its folder.

    `name` is a folder or a hub name; the weights of a hub name are not looked at.
    """
    problems = []
    for size in (*_LAYERS, *_WIDTHS, _VOCABULARY, *_OTHERS):
        value, most = config.get(size), MOST_LAYERS if size in _LAYERS else MOST
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            problems.append(f"{size} is {str(value)[:40]!r}, expected a whole number from 1 to {most:,}")
    if not problems and (found := _weight_bytes(Path(name))):
        layers, width = _first(config, _LAYERS), _first(config, _WIDTHS)
        # Each layer has at least a square matrix, each word a row, and a weight at least a byte.
        if max(layers * width, config.get(_VOCABULARY) or 0) * width > found:
            problems.append(f"its weights have {found:,} bytes, too few for the sizes in its config.json")
    if problems:
        raise ModelError(
            f"model {name!r}: {join_problems(problems)}. Put the model's own config.json beside its weights."
        )


def _first(config: Mapping[str, Any], names: tuple[str, ...]) -> int:
    return next((config[name] for name in names if config.get(name) is not None), 0)


def _weight_bytes(folder: Path) -> int:
    """Return the bytes of a folder's weights; 0 if there is no such folder, or no weights in it."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) if folder.is_dir() else 0
