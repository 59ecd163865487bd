"""What the reports of all benchmarks share: what is needed to judge and to repeat a measurement, and its tables."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.errors import InputError
from broadsheet.evaluation.report.plots import new_figure
from broadsheet.metrics.intervals import Bootstrap, Interval, holm
from broadsheet.offline.replay import Values
from broadsheet.version import __version__
from broadsheet.workbench.workbench import Workbench

SAMPLES = 5000
"""Bootstrap samples of each interval."""
INTERVALS = (
    f"95 %, bootstrap over readers, {SAMPLES} samples, seed 0; p-values of differences corrected by Holm's method"
)
_PACKAGES = ("torch", "transformers", "peft", "numpy", "pyarrow")


def check_output(out: Path | None) -> None:
    """Make the folder for the report; raises InputError, before any work, if it or a plot cannot be made."""
    if out is not None:
        new_figure(1, 1)
        make_folder("--out", out)


def make_folder(option: str, folder: Path) -> None:
    """Make the folder that an option names, if it is not there; raises InputError naming the option if it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{option} {folder}: cannot be made ({error.strerror}). Name a folder that this user may write."
        ) from error


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


def stamp(checkout: Path) -> dict[str, Any]:
    """Return when, at which commit, by which command, with which versions and on what machine it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(checkout),
        "command": shlex.join(["python", f"scripts/{Path(sys.argv[0]).name}", *map(_without_folders, sys.argv[1:])]),
        "versions": _versions(),
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
    }


def _without_folders(argument: str) -> str:
    """Return an argument, an absolute path by its last name alone: where a machine keeps it says nothing."""
    return re.sub(r"(^|=)/(?:[^/]*/)*", r"\1", argument)


def table_lines(corner: str, rows: Mapping[str, Mapping[str, Interval]], metrics: Sequence[str]) -> list[str]:
    """Return a Markdown table of means with their intervals."""
    lines = [f"| {corner} | {' | '.join(metrics)} |", "|---" * (len(metrics) + 1) + "|"]
    return lines + [f"| {row} | {' | '.join(cell(values.get(m)) for m in metrics)} |" for row, values in rows.items()]


def difference_lines(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a Markdown table of paired differences."""
    lines = ["| difference | metric | mean [95 % interval] | p, Holm |", "|---|---|---|---|"]
    return lines + [
        f"| {one['of']} - {one['minus']} | {one['metric']} | {cell(one, '+')} | {one['p_holm']:.4f} |"
        for one in differences
    ]


def about(document: Mapping[str, Any]) -> list[str]:
    """Return sentences on the data, the intervals and the models."""
    data, models = document["data"], document["models"]
    lines = [
        f"Split `{data['split']}`: {data['impressions_measured']:,} impressions of {data['users']:,} readers measured, "
        f"of {data['impressions']:,} imported; text for {_share(data, 'shown')} of what was shown and "
        f"{_share(data, 'clicks')} of the clicks; {data['articles']:,} articles.",
        f"Intervals: {document['intervals']}.",
        f"Encoder {models['encoder']} ({models['news_tower']})"
        + (f", cross-encoder {models['cross_encoder']}." if models.get("cross_encoder") else "."),
    ]
    for what, trained in (("towers", models["towers"]), ("cross-encoders", models.get("cross_encoders", ()))):
        if seeds := Counter(one["label"] for one in trained):
            named = [f"{label} ({count} {'seed' if count == 1 else 'seeds'})" for label, count in seeds.items()]
            lines.append(f"Trained {what}: {', '.join(named)}.")
    return [*lines, *document["remarks"]]


def data_of(bench: Workbench, split: Split, users: Sequence[str]) -> dict[str, Any]:
    """Return what was measured: newsroom, split, articles and counts."""
    counts = {"impressions_measured": len(users), "users": len(set(users))}
    return {
        "newsroom": bench.newsroom.path.name,
        "split": split.name,
        "articles": len(bench.catalogue),
        **split.coverage,
        **counts,
    }


def models_of(bench: Workbench, towers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the encoder, the news tower of `bench` and the trained towers."""
    encoder = Path(bench.config.retrieval.encoder).name
    return {"encoder": encoder, "news_tower": bench.news_tower.fingerprint, "towers": list(towers)}


def cell(value: Mapping[str, float] | None, sign: str = "") -> str:
    """Return a mean with its interval; empty for none."""
    return f"{value['mean']:{sign}.4f} [{value['low']:{sign}.4f}, {value['high']:{sign}.4f}]" if value else ""


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


def _share(data: Mapping[str, Any], what: str) -> str:
    return f"{data[f'{what}_with_text']:,} of {data[what]:,} ({data[f'{what}_with_text'] / max(data[what], 1):.1%})"
