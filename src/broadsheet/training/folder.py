"""The folders of a training: where its checkpoints lie while it works, and how what it made takes its place."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError, join_problems
from broadsheet.tables.files import remove_folder, replace_link, write_json
from broadsheet.version import __version__


def check_arguments(
    train: str | None, valid: str | None, out: Path | None, modes: Sequence[str], mode: str, written: str
) -> None:
    """Raise InputError for arguments that cannot be meant, all at once and before the long work.

    `written` is a file that each folder of such a training has: `out` may replace no other folder.
    """
    problems = []
    if mode not in modes:
        problems.append(f"mode: found {mode!r}, expected one of {', '.join(modes)}")
    if (train is None) != (valid is None):
        problems.append("--train and --valid: found one of them, expected both, or none to learn from the click log")
    if train is not None and train == valid:
        problems.append(f"--valid: found {valid!r}, which is learned from; expected another split, later in time")
    problems += _target_problems(out, written)
    if problems:
        raise InputError(f"{join_problems(problems)}.")


def check_target(out: Path | None, written: str) -> None:
    """Raise InputError if `out` is there and lacks a file that each folder of such a training has."""
    if problems := _target_problems(out, written):
        raise InputError(f"{join_problems(problems)}.")


def _target_problems(out: Path | None, written: str) -> list[str]:
    if out is None or (out.name and (not out.exists() or (out / written).is_file())):
        return []
    return [f"--out {out}: is there and holds no {written}; expected a new folder, or one of this training"]


def work_folder(target: Path, settings: dict[str, Any]) -> Path:
    """Return the folder of a training's checkpoints; one with other data, models or settings has its own."""
    name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    folder = target.with_name(f".{target.name}-training-{name}")
    write_json(folder / "settings.json", settings)
    return folder


def made_now() -> dict[str, str]:
    """Return what every card says of how its training was made: version, time and command."""
    return {
        "broadsheet": __version__,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["broadsheet", *sys.argv[1:]]),
    }


def new_card(log: list[dict[str, float]]) -> dict[str, Any]:
    """Return what the card of a ranking model says of how a training went, with valid nDCG@10 by epoch."""
    return {
        **made_now(),
        "valid_ndcg@10_by_epoch": {str(row["epoch"]): row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row},
    }


def swap(new: Path, target: Path) -> None:
    """Make `target` a link to a finished folder in one atomic step, and remove the folder that it named before."""
    former = target.resolve()
    if target.is_dir() and not target.is_symlink():  # a folder that was put there by hand
        former = target.rename(target.with_name(f".{target.name}-former"))
    kept = target.with_name(f"{target.name}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}")
    new.rename(kept)
    replace_link(target, Path(kept.name))
    remove_folder(former)
