"""The folders of a training: where its checkpoints lie while it works, and how what it made takes its place."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from broadsheet.config.training import AttentionConfig, RerankerConfig, TowersConfig
from broadsheet.corpus.impressions import Impression
from broadsheet.errors import InputError, join_problems
from broadsheet.tables.files import former_of, remove_folder, replace_link, write_json
from broadsheet.version import __version__

Learned = TypeVar("Learned")
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class SplitTraining:
    """What the training of a ranking model is asked for: on which splits, what of it learns, and the seed."""

    train: str | None
    "The split to learn from; None for the click log."
    valid: str | None
    "The split that epochs are measured on; None for the end of the click log."
    mode: str
    seed: int
    share: float = 1.0
    "The share of the impressions of `train` that is learned from, above 0 and at most 1."

    def draw(self, found: Sequence[Learned]) -> list[Learned]:
        """Return the share of what is learned from, drawn by the seed; a larger share holds all of a smaller one.

        At least one of what was found is drawn: a thousandth of 100 impressions is 1 impression.
        """
        order = np.random.default_rng(self.seed).permutation(len(found))
        return [found[place] for place in np.sort(order[: max(1, round(self.share * len(found)))]).tolist()]

    def check(self, out: Path | None, modes: Sequence[str], written: str) -> None:
        """Raise InputError for what cannot be meant, all at once and before the long work.

        `written` is a file that each folder of such a training has: `out` may replace no other folder.
        """
        problems = []
        if self.mode not in modes:
            problems.append(f"mode: found {self.mode!r}, expected one of {', '.join(modes)}")
        if (self.train is None) != (self.valid is None):
            problems.append("train and valid: found only one split, expected both, or neither to use the click log")
        if self.train is not None and self.train == self.valid:
            problems.append(f"valid: found {self.valid!r}, which is learned from; expected another and later split")
        if not 0 < self.share <= 1:
            problems.append(f"share: found {self.share}, expected more than 0 and at most 1")
        problems += [*seed_problems(self.seed), *_target_problems(out, written)]
        if problems:
            raise InputError(f"{join_problems(problems)}.")

    def settings(self, recipe: AttentionConfig | TowersConfig | RerankerConfig) -> dict[str, Any]:
        """Return these and the recipe as the settings of a training, which name the folder that it works in."""
        return {**asdict(self), "recipe": asdict(recipe)}


def check_target(out: Path | None, written: str, seed: int = 0) -> None:
    """Raise InputError if `out` is there and lacks a file that each folder of such a training has, or for the seed."""
    if problems := [*seed_problems(seed), *_target_problems(out, written)]:
        raise InputError(f"{join_problems(problems)}.")


def seed_problems(seed: int) -> list[str]:
    """Return a problem if a seed is out of the bounds of numpy's and torch's random numbers."""
    if 0 <= seed <= _LARGEST_SEED:
        return []
    return [f"seed: found {seed}, expected a whole number from 0 to {_LARGEST_SEED}"]


def _target_problems(out: Path | None, written: str) -> list[str]:
    if out is None or (out.name and (not out.exists() or (out / written).is_file())):
        return []
    return [f"out {out}: is there and holds no {written}; expected a new folder, or one of this training"]


class WorkFolder:
    """The hidden folder that a training works in, beside its target: killed, the same training goes on from there."""

    def __init__(self, target: Path, settings: dict[str, Any]) -> None:
        """Make the folder; a training with other settings, which hold all that decides the result, has its own."""
        name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
        self._target, self._path = target, target.with_name(f".{target.name}-training-{name}")
        write_json(self._path / "settings.json", settings)
        self.checkpoints = self._path / "checkpoints"
        self.result = self._path / "trained"
        "Where the trained model is written before it is put in place."

    def clear_result(self) -> Path:
        """Remove a result that was cut short, and return where the whole one goes."""
        remove_folder(self.result)
        return self.result

    def put_in_place(self) -> None:
        """Make the target name the result, and remove the checkpoints."""
        swap(self.result, self._target)
        remove_folder(self._path)


def learned_until(impressions: Iterable[Impression]) -> dict[str, str]:
    """Return what a card says of the last impression that was learned from: its time, from which to learn on."""
    return {"learned_until": max(one.time for one in impressions).astimezone(UTC).isoformat()}


def made_now() -> dict[str, str]:
    """Return what every card says of how its training was made: version, time and command."""
    return {
        "broadsheet": __version__,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["broadsheet", *sys.argv[1:]]),
    }


def new_card(log: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return what the card of a ranking model says of its training: how it was made, and valid nDCG@10 by epoch."""
    return {
        **made_now(),
        "valid_ndcg@10_by_epoch": {str(row["epoch"]): row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row},
    }


def swap(new: Path, target: Path) -> None:
    """Make `target` a link to a finished folder in one atomic step, and remove the folder that it named before."""
    former = target.resolve()
    if target.is_dir() and not target.is_symlink():  # a folder that was put there by hand
        former = target.rename(former_of(target))
    kept = target.with_name(f"{target.name}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}")
    new.rename(kept)
    replace_link(target, Path(kept.name))
    remove_folder(former)
