"""What the documents of all benchmarks share: what is needed to judge and to repeat a measurement."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.metrics.intervals import Bootstrap, holm
from broadsheet.models.loading import folder_fingerprint
from broadsheet.offline.replay import Values
from broadsheet.version import __version__
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

SAMPLES = 5000
"""Bootstrap samples of each interval."""
INTERVALS = (
    f"95 %, bootstrap over readers, {SAMPLES} samples, seed 0; p-values of differences corrected by Holm's method"
)
_PACKAGES = ("torch", "transformers", "peft", "numpy", "pyarrow")


def filled(values: Values) -> Values:
    """Return the metrics that have a value for any impression: of the others there is no mean."""
    return {name: value for name, value in values.items() if not np.isnan(value).all()}


def differences_of(
    bootstrap: Bootstrap, rows: Mapping[str, Values], pairs: Sequence[tuple[str, str]], metrics: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the paired differences of rows in all metrics, or some, each with its interval, its p-value and Holm's."""
    found = [
        {"of": ours, "minus": other, "metric": name}
        | bootstrap.difference(rows[ours][name], rows[other][name])._asdict()
        for ours, other in pairs
        for name in metrics or rows[ours]
    ]
    return with_holm(found)


def with_holm(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparisons with their p-values corrected over all of them."""
    corrected = holm([one["p"] for one in differences])
    return [one | {"p_holm": p} for one, p in zip(differences, corrected, strict=True)]


def stamp() -> dict[str, Any]:
    """Return when, at which commit, by which command, with which versions and on what machine it was measured.

    The commit is that of the checkout in which the running script lies.
    """
    script = Path(sys.argv[0])
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(script.parent),
        "command": shlex.join(["python", f"scripts/{script.name}", *map(_without_folders, sys.argv[1:])]),
        "versions": _versions(),
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
    }


def _without_folders(argument: str) -> str:
    """Return an argument, an absolute path by its last name alone: where a machine keeps it says nothing."""
    return re.sub(r"(^|=)/(?:[^/]*/)*", r"\1", argument)


def common(
    benchmark: str,
    data: EditionData,
    models: EditionModels,
    split: Split,
    users: Sequence[str],
    *,
    setting: str = "",
    **further: object,
) -> dict[str, Any]:
    """Return what every document on the impressions of a split begins with.

    `users` are the readers of the impressions measured, a reader for each impression. `further` describes models beside
    the encoder and the news tower, such as `towers=` (the trained towers).
    """
    return {
        "benchmark": benchmark,
        **({"setting": setting} if setting else {}),
        **stamp(),
        "data": {
            "newsroom": data.newsroom.path.name,
            "split": split.name,
            "articles": len(data.catalogue),
            **split.coverage,
            "impressions_measured": len(users),
            "users": len(set(users)),
        },
        "models": {
            "encoder": Path(models.encoder).name,
            "news_tower": models.news_tower.fingerprint,
            "towers": [],
            **further,
        },
        "intervals": INTERVALS,
    }


def ranking_models(models: EditionModels) -> dict[str, Any]:
    """Return what ranks: the cross-encoder's fingerprint, the weights of the signals, and the learned fusion's.

    A fingerprint is empty where the newsroom has no such model.
    """
    scorer = models.cross_encoder
    return {
        "cross_encoder": scorer.fingerprint if scorer else "",
        "weights": models.signal_weights,
        "attention": models.attention.fingerprint if models.attention else "",
        "fusion": folder_fingerprint(models.newsroom.fusion) if models.fusion else "",
    }


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "broadsheet": __version__} | {
        name: metadata.version(name) for name in _PACKAGES
    }


def _commit(checkout: Path) -> str:
    """Return the commit, with "+ changes" where files differ from it; empty outside a git checkout."""
    try:
        commit = _git(checkout, "rev-parse", "HEAD")
        return commit + (" + changes" if _git(checkout, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
