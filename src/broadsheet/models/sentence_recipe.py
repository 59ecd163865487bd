"""How an encoder makes a vector of a text, read from the files that sentence-transformers writes beside the model.

modules.json                        the steps: Transformer, Pooling, Normalize
1_Pooling/config.json               which states become the vector
config_sentence_transformers.json   what stands before each text

A model without these files is pooled by the mean. Vectors are brought to unit length in any case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from broadsheet.errors import ModelError

_MEAN = ("mean", "mean_tokens", "mean_sqrt_len_tokens")  # lengths do not matter, since vectors get unit length
_CLS = ("cls", "cls_token")
_STEPS = ("Transformer", "Pooling", "Normalize")
_PROMPTS = ("document", "passage")
"""Names of the prompt of an article, in the words of different models."""


@dataclass(frozen=True)
class SentenceRecipe:
    """How the states of a text's tokens become its vector."""

    pooling: Literal["mean", "cls"] = "mean"
    "The mean of the states of all tokens, or the state of the first."
    prefix: str = ""
    "What stands before each text, such as `passage: `."

    @property
    def name(self) -> str:
        """A text that differs wherever the vectors differ."""
        return f"{self.pooling} {self.prefix!r}" if self.prefix else self.pooling


BY_THE_MEAN = SentenceRecipe()


def read_recipe(name: str) -> SentenceRecipe:
    """Return the recipe of a model, given by its folder or its name on the hub.

    Raises ModelError if one of the files cannot be read, or asks for a step or a pooling that Broadsheet has not.
    """
    modules = _read(name, "modules.json")
    if modules is None:
        return BY_THE_MEAN
    steps = modules if isinstance(modules, list) else []
    if wrong := [step for step in steps if not isinstance(step, dict) or ".." in str(step.get("path")).split("/")]:
        raise ModelError(
            f"model {name!r}: modules.json: found {str(wrong[0])[:80]}, expected steps with a type and a path inside "
            "the model's folder. Put the model's own file there."
        )
    kinds = {str(step.get("type", "")).rpartition(".")[2]: str(step.get("path", "")) for step in steps}
    if strange := [kind for kind in kinds if kind not in _STEPS]:
        raise ModelError(
            f"model {name!r}: modules.json: found {', '.join(strange)}, expected {', '.join(_STEPS)} alone. "
            "Name an encoder without further steps."
        )
    pooling = _read(name, f"{kinds['Pooling']}/config.json") if "Pooling" in kinds else None
    asked = _read(name, "config_sentence_transformers.json")
    return SentenceRecipe(_pooling(name, pooling or {}), _prefix(asked if isinstance(asked, dict) else {}))


def _pooling(name: str, settings: Mapping[str, Any]) -> Literal["mean", "cls"]:
    before = "pooling_mode_"
    modes = [key.removeprefix(before) for key, value in settings.items() if key.startswith(before) and value is True]
    modes = modes or [str(settings.get("pooling_mode", "mean"))]
    if len(modes) == 1 and modes[0] in _MEAN:
        return "mean"
    if len(modes) == 1 and modes[0] in _CLS:
        return "cls"
    raise ModelError(
        f"model {name!r}: found a pooling by {' and '.join(modes)}, expected the mean of the tokens or the first "
        "token, CLS. Name another encoder."
    )


def _prefix(settings: Mapping[str, Any]) -> str:
    prompts = settings.get("prompts")
    if not isinstance(prompts, dict):
        return ""
    names = [settings.get("default_prompt_name"), *_PROMPTS]
    found: str = next((prompts[key] for key in names if isinstance(prompts.get(key), str)), "")
    return found


def _read(name: str, file: str) -> Any:  # noqa: ANN401
    """Return the content of a JSON file of a model; None if the model has no such file."""
    from transformers.utils.hub import cached_file

    try:
        path = cached_file(
            name, file, _raise_exceptions_for_missing_entries=False, _raise_exceptions_for_connection_errors=False
        )
        return None if path is None else json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"model {name!r}: {file} cannot be read ({error}). Put the model's own file there.") from error
