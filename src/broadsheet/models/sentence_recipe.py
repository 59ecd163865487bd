"""How an encoder makes a vector of a text, read from the files that sentence-transformers writes beside the model.

modules.json                        the steps: Transformer, Pooling, Normalize
1_Pooling/config.json               which states become the vector
config_sentence_transformers.json   what stands before each text
centre.json                         of converted models: the mean of the vectors, which is taken off each vector

A model without these files is pooled by the mean, and its prefixes are those that its name is known for. Vectors are
brought to unit length in any case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from broadsheet.errors import ModelError

_MEAN = ("mean", "mean_tokens", "mean_sqrt_len_tokens")  # lengths do not matter, since vectors get unit length
_CLS = ("cls", "cls_token")
_STEPS = ("Transformer", "Pooling", "Normalize")
_PROMPTS = ("document", "passage")
"""Names of the prompt of an article, in the words of different models."""
_SEARCHING = "Represent this sentence for searching relevant passages: "
PREFIXES = {
    r"(multilingual-)?e5-(small|base|large)(-v2|-unsupervised)?": ("query: ", "passage: "),
    r"bge-(small|base|large)-en(-v1\.5)?|mxbai-embed-(large|xsmall)-v1|snowflake-arctic-embed-(xs|s|m|l)": (
        _SEARCHING,
        "",
    ),
    r"snowflake-arctic-embed-(m-v1\.5|[ml]-v2\.0)": ("query: ", ""),
    r"nomic-embed-text-v\d(\.\d)?": ("search_query: ", "search_document: "),
}
"""What stands before a query and before an article, for models by the last part of their name."""
CENTRE = "centre.json"
AUTO = "auto"
"""The setting of a prefix that leaves it to the encoder."""


@dataclass(frozen=True)
class SentenceRecipe:
    """How the states of a text's tokens become its vector."""

    pooling: Literal["mean", "cls"] = "mean"
    "The mean of the states of all tokens, or the state of the first."
    prefix: str = ""
    "What stands before the text of an article, such as `passage: `."
    query_prefix: str = ""
    "What stands before a reader's own words, such as `query: `."
    centre: tuple[float, ...] = ()
    "What is taken off the unit vector of an article, which then gets unit length again; empty for nothing."
    query_centre: tuple[float, ...] = ()
    "The same for a reader's own words."

    @property
    def name(self) -> str:
        """A text that differs wherever the prefixes or the pooling differ; a centre is one of the model's files."""
        said = f"{self.pooling} {self.prefix!r}" if self.prefix or self.query_prefix else self.pooling
        return f"{said} {self.query_prefix!r}" if self.query_prefix else said

    def with_prefixes(self, query: str, passage: str) -> SentenceRecipe:
        """Return the recipe with other prefixes, where they are not "auto"."""
        return replace(
            self,
            query_prefix=self.query_prefix if query == AUTO else query,
            prefix=self.prefix if passage == AUTO else passage,
        )


BY_THE_MEAN = SentenceRecipe()


def read_recipe(name: str) -> SentenceRecipe:
    """Return the recipe of a model, given by its folder or its name on the hub.

    Raises ModelError if one of the files cannot be read, or asks for a step or a pooling that Broadsheet has not.
    """
    recipe = _pooled(name, _read(name, "modules.json"))
    asked = _read(name, "config_sentence_transformers.json")
    query, passage = _prefixes(name, asked if isinstance(asked, dict) else {})
    centre = _centre(name)
    return replace(
        recipe,
        prefix=passage,
        query_prefix=query,
        centre=centre.get("passage", ()),
        query_centre=centre.get("query", ()),
    )


def _pooled(name: str, modules: Any) -> SentenceRecipe:  # noqa: ANN401
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
    return SentenceRecipe(_pooling(name, pooling or {}))


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


def _prefixes(name: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return what stands before a query and before an article: as the model's files say, else as its name is known."""
    prompts = settings.get("prompts")
    if not isinstance(prompts, dict) or not any(isinstance(text, str) and text for text in prompts.values()):
        last = Path(name).name.lower()
        return next((both for pattern, both in PREFIXES.items() if re.fullmatch(pattern, last)), ("", ""))
    default = settings.get("default_prompt_name")
    return _first(prompts, ["query", default]), _first(prompts, [default, *_PROMPTS])


def _first(prompts: Mapping[str, Any], names: Sequence[Any]) -> str:
    found: str = next((prompts[name] for name in names if isinstance(prompts.get(name), str)), "")
    return found


def _centre(name: str) -> dict[str, tuple[float, ...]]:
    """Return the centres of a converted model's folder; empty if it has no such file."""
    path = Path(name) / CENTRE
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
        return {side: tuple(float(number) for number in found[side]) for side in ("query", "passage")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}), expected lists named query and passage. Fetch the model again."
        ) from error


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
