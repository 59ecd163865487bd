"""Reading broadsheet.toml: every key and value is checked, and all problems come in one error."""

import math
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from broadsheet.config.generate import endpoint_problems
from broadsheet.config.settings import Config
from broadsheet.config.training import LossName
from broadsheet.errors import ConfigError, join_problems

_AT_LEAST = {
    "interests": 1,
    "layers": 1,
    "epochs": 1,
    "patience": 1,
    "batch_size": 2,
    "next_clicks": 0,
    "negatives": 0,
    "reranker.negatives": 1,
    "hard_negatives": 0,
    "learning_rate": 1e-9,
    "encoder_learning_rate": 1e-9,
    "weight_decay": 0.0,
    "rank": 1,
    "preference": 0.0,
    "temperature": 0.01,
    "anchor": 0.0,
    "in_batch": 0.0,
    "distillation": 0.0,
    "adversarial": 0.0,
    "active_days": 0.0,
    "max_age_days": 0.0,
    "max_tokens": 8,
    "history": 1,
    "candidates": 1,
    "memory_mib": 0,
    "shards": 1,
    "depth": 1,
    "headlines": 1,
    "half_life_hours": 0.01,
    "half_life_hours_by_category": 0.01,
    "stories": 1,
    "summary_words": 5,
    "digest_words": 0,
    "drafts": 1,
    "minutes": 0.0,
    "timeout_seconds": 0.1,
    "retries": 0,
    "tokens": 0,
    "category": 0,
    "source": 0,
    "story": 0,
    "story_days": 0.0,
}


_RENAMED = {
    "retrieval.weights.ann": "two_tower",
    "retrieval.weights.trending": "popularity",
    "retrieval.weights.fresh": "freshness",
    "rerank.weights.tower": "two_tower",
}
"""Settings of earlier versions that have another name now."""

_CHOICES: dict[str, tuple[str, ...]] = {"clock": ("now", "latest"), "loss": get_args(LossName)}

_SHARES = (
    *("diversity", "calibration", "small_sources", "story_similarity"),
    *("dropout", "history_drop", "history_cut", "text_drop"),
    *("recall", "min_recall", "max_lost", "max_changed_neighbours"),
)

_OF_ZERO_OR_MORE = ("retrieval.weights.", "rerank.weights.", "gate.", "generate.choice.")


def read_config(path: Path) -> Config:
    """Read broadsheet.toml; a missing file means all defaults. All problems come in one ConfigError."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error}). Mend the line or delete the file for the defaults.") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}). Make it a file that this user may read."
        ) from error
    problems: list[str] = []
    config: Config = _read(Config, document, "", problems)
    problems += endpoint_problems(config.generate.writer, config.generate.endpoint, config.generate.tokens)
    if problems:
        raise ConfigError(f"{path}: {join_problems(problems)}")
    return config


def _read(kind: Any, document: dict[str, Any], prefix: str, problems: list[str]) -> Any:  # noqa: ANN401
    values: dict[str, Any] = {}
    known = {spec.name: spec for spec in fields(kind)}
    for name, value in document.items():
        if f"{prefix}{name}" in _RENAMED:
            problems.append(f"{prefix}{name}: no such setting; it is called {_RENAMED[prefix + name]} now")
        elif name not in known:
            problems.append(f"{prefix}{name}: no such setting; known here: {', '.join(known)}")
        elif hasattr(known[name].default_factory, "__dataclass_fields__"):
            section = value if isinstance(value, dict) else {}
            if section is not value:
                problems.append(f"{prefix}{name}: found {value!r}, expected a section [{prefix}{name}]")
            values[name] = _read(known[name].default_factory, section, f"{prefix}{name}.", problems)
        elif known[name].default_factory is dict:
            values[name] = _read_numbers(name, value, prefix, problems)
        else:
            values[name] = _check(name, value, known[name].default, prefix, problems)
    return kind(**values)


def _read_numbers(name: str, value: Any, prefix: str, problems: list[str]) -> dict[str, float]:  # noqa: ANN401
    """Read a section whose names are the user's own, each with a number of _AT_LEAST the section's name, else 0."""
    if not isinstance(value, dict):
        problems.append(f"{prefix}{name}: found {value!r}, expected a section [{prefix}{name}]")
        return {}
    numbers = {key: _check("", number, 0.0, f"{prefix}{name}.{key}", problems) for key, number in value.items()}
    least = _AT_LEAST.get(name, 0.0)
    bound = f"at least {least}" if least else "a number of 0 or more"
    below = [key for key, number in numbers.items() if number < least]
    problems += [f"{prefix}{name}.{key}: found {numbers[key]}, expected {bound}" for key in below]
    return numbers


def _check(name: str, value: Any, default: Any, prefix: str, problems: list[str]) -> Any:  # noqa: ANN401
    expected = type(default)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wrong = ""
    if type(value) is not expected:
        wrong = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}[expected]
    elif expected is float and not math.isfinite(value):
        wrong = "a finite number"
    elif value < (least := _AT_LEAST.get(f"{prefix}{name}", _AT_LEAST.get(name, value))):
        wrong = f"at least {least}"
    elif name in _SHARES and not 0 <= value <= 1:
        wrong = "a number from 0 to 1"
    elif prefix == "index." and name == "kind" and not value.strip():
        wrong = 'auto, flat or a FAISS factory string, such as "HNSW32_SQfp16"'
    elif name in _CHOICES and value not in _CHOICES[name]:
        wrong = " or ".join(f'"{choice}"' for choice in _CHOICES[name])
    elif prefix in _OF_ZERO_OR_MORE and value < 0:
        wrong = "a number of 0 or more"
    if wrong:
        problems.append(f"{prefix}{name}: found {value!r}, expected {wrong}")
        return default
    return value
