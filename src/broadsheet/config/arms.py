"""The settings of a newsroom with those that an arm of an experiment changes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from pydantic import TypeAdapter, ValidationError

from broadsheet.config.experiments import ExperimentConfig, time_of
from broadsheet.config.section import problems_of
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError, join_problems

CHANGEABLE = (
    "rerank",
    "retrieval.candidates",
    "retrieval.weights",
    "retrieval.quotas",
    "exploration",
    "filters",
    "page",
)
"""Sections and settings that an arm may change: each request reads them anew."""
FIXED = ("rerank.encoder", "rerank.max_tokens")
"""Settings among these that name a model, which all arms share."""
EXPECTED = f"Expected settings of {', '.join(CHANGEABLE)}, but not {' or '.join(FIXED)}"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_CONFIG = TypeAdapter(Config)


def with_settings(config: Config, changes: Mapping[str, Any]) -> Config:
    """Return the settings with some changed; `changes` has the shape of broadsheet.toml.

    Raises ConfigError, which names all settings that are unknown or not accepted.
    """
    if problems := _problems(config, changes):
        raise ConfigError(join_problems(problems))
    return _CONFIG.validate_json(_as_json(config, changes))


def experiment_problems(config: Config) -> Iterator[str]:
    """Yield what is wrong with the experiments: names, settings of arms, experiments in each other's way."""
    for name, experiment in config.experiments.items():
        for kind, found in [("experiment", name), *(("arm", arm) for arm in experiment.arms)]:
            if not _NAME.fullmatch(found):
                yield f"experiments.{name}: the {kind} is called {found!r}, expected 1 to 60 of A-Z, a-z, 0-9, _ and -"
        for arm_name, arm in experiment.arms.items():
            where = f"experiments.{name}.arms.{arm_name}.settings"
            yield from (f"{where}.{problem}" for problem in _problems(config, arm.settings))
            yield from (
                f"{where}.{setting}: an experiment cannot change it, since all arms share the models and the edition. "
                f"{EXPECTED}"
                for setting in unchangeable(arm.settings)
            )
            if experiment.kind == "interleaving" and "exploration" in arm.settings:
                yield f"{where}.exploration: an interleaved page explores nothing else. Remove the section"
    yield from _in_each_others_way(config)


def unchangeable(settings: Mapping[str, Any]) -> list[str]:
    """Return the full names of the settings that need another build or other models, which no request can change."""
    return [one for one in changed(settings) if not _is_within(one, CHANGEABLE) or _is_within(one, FIXED)]


def changed(settings: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """Yield the full name of each setting that is named, such as rerank.weights.freshness."""
    for name, value in settings.items():
        full = f"{within}.{name}".lstrip(".")
        yield from changed(value, full) if isinstance(value, dict) and value else [full]


def _in_each_others_way(config: Config) -> Iterator[str]:
    for (name, one), (other_name, other) in combinations(config.experiments.items(), 2):
        if _start(one) >= _end(other) or _start(other) >= _end(one):
            continue
        where = f"experiments.{other_name}: it runs while {name} runs, and both"
        if both := _changes(one) & _changes(other):
            yield (
                f"{where} change {', '.join(sorted(both))}. Expected experiments that run at once to change different "
                "settings; a reader may be in both"
            )
        if one.kind == other.kind == "interleaving":
            yield f"{where} interleave. Expected at most one experiment of this kind at a time"


def _changes(experiment: ExperimentConfig) -> set[str]:
    return {setting for arm in experiment.arms.values() for setting in changed(arm.settings)}


def _start(experiment: ExperimentConfig) -> datetime:
    return time_of(experiment.start) or _FIRST


def _end(experiment: ExperimentConfig) -> datetime:
    return time_of(experiment.end) or _LAST


def _is_within(setting: str, sections: tuple[str, ...]) -> bool:
    return any(f"{setting}.".startswith(f"{section}.") for section in sections)


def _problems(config: Config, changes: Mapping[str, Any]) -> list[str]:
    try:
        _CONFIG.validate_json(_as_json(config, changes))
    except ValidationError as error:
        return list(problems_of(error, Config))
    return []


def _as_json(config: Config, changes: Mapping[str, Any]) -> str:
    return json.dumps(_merged(asdict(config), changes), default=lambda date: [str(date)])


def _merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(settings[name], value)
        for name, value in changes.items()
        if isinstance(value, dict) and isinstance(settings.get(name), dict)
    }
    return {**settings, **changes, **both}
