"""Which arm of an experiment a reader is in: a matter of a hash alone, so that every process and every day agrees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from broadsheet.config.experiments import ExperimentConfig

BETWEEN = ","
"""What stands between the names where a page is in several experiments; no name holds it."""

INTERLEAVED = "*"
"""Stands for the arm of a page with articles of both arms; no arm is called so."""


class Assignment(NamedTuple):
    """The arm of a reader in each experiment that runs, as pairs of names; empty if the reader is in no experiment."""

    arms: tuple[tuple[str, str], ...] = ()
    "Pairs of an experiment and an arm, in the order of the settings."

    @property
    def experiment(self) -> str:
        """The names of the experiments, as a page names them."""
        return BETWEEN.join(experiment for experiment, _ in self.arms)

    @property
    def arm(self) -> str:
        """The names of the arms, in the order of the experiments."""
        return BETWEEN.join(arm for _, arm in self.arms)

    @property
    def interleaved(self) -> str:
        """The experiment whose arms share the page; empty for a page of one arm."""
        return next((experiment for experiment, arm in self.arms if arm == INTERLEAVED), "")

    def with_arm(self, experiment: str, arm: str) -> Assignment:
        """Return the same with another arm of an experiment."""
        return Assignment(tuple((name, arm if name == experiment else former) for name, former in self.arms))


def assign(experiments: Mapping[str, ExperimentConfig], user_id: str, time: datetime) -> Assignment:
    """Return the arms of a reader in the experiments that run at a time; a reader without an id is in none."""
    if not user_id:
        return Assignment()
    found = (
        (name, arm_of(name, experiment, user_id))
        for name, experiment in experiments.items()
        if experiment.runs_at(time)
    )
    return Assignment(tuple((name, arm) for name, arm in found if arm))


def arm_of(name: str, experiment: ExperimentConfig, user_id: str) -> str:
    """Return the arm of a reader in an experiment, or INTERLEAVED; empty if the reader takes no part.

    Arms have readers by their weights. A reader keeps the arm for as long as name, salt and weights stay: a larger
    share lets further readers in and moves nobody.
    """
    takes_part, place = draw(name, experiment.salt, user_id)
    if takes_part >= experiment.share:
        return ""
    if experiment.kind == "interleaving":
        return INTERLEAVED
    shares = shares_of(experiment)
    for arm, share in shares.items():
        if place < share:
            return arm
        place -= share
    return next(arm for arm, share in reversed(shares.items()) if share)  # the shares' sum was rounded below 1


def shares_of(experiment: ExperimentConfig) -> dict[str, float]:
    """Return the share of the experiment's readers that each arm has; they sum to 1.

    Arms come by name, so that their order in the settings decides nothing.
    """
    total = sum(arm.weight for arm in experiment.arms.values())
    return {name: experiment.arms[name].weight / total for name in sorted(experiment.arms)}


def draw(name: str, salt: str, user_id: str) -> tuple[float, float]:
    """Return two uniform numbers, from 0 to below 1, of a reader in an experiment.

    They are independent of each other and between readers, experiments and salts: parts of a SHA-256.
    """
    digest = sha256(json.dumps([name, salt, user_id]).encode()).digest()
    return _uniform(digest[:8]), _uniform(digest[8:16])


def _uniform(part: bytes) -> float:
    return (int.from_bytes(part) >> 11) / 2**53
