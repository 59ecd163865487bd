"""What a benchmark found, with everything needed to judge and to repeat it: as JSON, a Markdown table and a plot."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.evaluation import SEEDS, Split, Values
from broadsheet.intervals import bootstrap_interval, paired_difference
from broadsheet.newsroom import write_json
from broadsheet.plots import new_figure, plot_rows
from broadsheet.tables import replacing
from broadsheet.version import __version__
from broadsheet.workbench import Workbench

SAMPLES = 1000
"""Bootstrap samples of each interval."""
_PACKAGES = ("torch", "transformers", "peft", "numpy", "pyarrow")


@dataclass(frozen=True)
class Findings:
    """The metrics of each row compared, by impression, and what they were measured on."""

    benchmark: str
    "ranking or retrieval."
    rows: Mapping[str, Values]
    notes: Mapping[str, str]
    "What each row is."
    ours: str
    "The row whose difference from `against` is reported."
    against: str
    users: list[str]
    "The reader of each impression, whole readers being resampled for the intervals."
    remarks: list[str]
    "What else the reader must know, in sentences."
    index_recall: Mapping[str, float] | None = None
    "Approximate against exact search; None where the index is exact."


def check_output(out: Path | None) -> None:
    """Make the folder for the report; raises InputError, before any work, if it or a plot cannot be made."""
    if out is None:
        return
    new_figure(1, 1)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--out {out}: cannot be made ({error.strerror}). Name a folder that this user may write."
        ) from error


def describe(findings: Findings, bench: Workbench, split: Split, checkout: Path) -> dict[str, Any]:
    """Return a document that JSON can hold: means with 95 % intervals, the paired difference, data, models, versions.

    `checkout` is the folder whose git commit is named.
    """
    return {
        "benchmark": findings.benchmark,
        **stamp(checkout),
        "data": _data(bench, split) | {"impressions_measured": len(findings.users), "users": len(set(findings.users))},
        "models": _models(bench, findings.benchmark),
        "seeds": list(SEEDS),
        "intervals": f"95 %, bootstrap over readers, {SAMPLES} samples, seed 0; not corrected for several metrics",
        "notes": {name: note for name, note in findings.notes.items() if name in findings.rows},
        "rows": {name: _means(values, findings.users) for name, values in findings.rows.items()},
        "difference": _difference(findings),
        "remarks": findings.remarks,
        "index_recall": findings.index_recall,
    }


def stamp(checkout: Path) -> dict[str, Any]:
    """Return when, at which commit, by which command, with which versions and on what machine it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(checkout),
        "command": shlex.join(["python", f"scripts/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "versions": _versions(),
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
    }


def to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document's rows as a Markdown table with what it was measured on."""
    rows = document["rows"]
    names = list(next(iter(rows.values())))
    lines = [f"| {document['benchmark']} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {row} | {' | '.join(_cell(values[name]) for name in names)} |" for row, values in rows.items()]
    difference = document["difference"]
    cells = " | ".join(_cell(difference["metrics"][name], "+") for name in names)
    lines += [f"| {difference['of']} - {difference['minus']} | {cells} |", "", *_about(document), ""]
    lines += [f"- {name}: {note}." for name, note in document["notes"].items()]
    return "\n".join(lines) + "\n"


def _about(document: Mapping[str, Any]) -> list[str]:
    data, models, recall = document["data"], document["models"], document["index_recall"]
    lines = [
        f"Split `{data['split']}`: {data['impressions_measured']:,} impressions of {data['users']:,} readers measured, "
        f"of {data['impressions']:,} imported; text for {_share(data, 'shown')} of what was shown and "
        f"{_share(data, 'clicks')} of the clicks; {data['articles']:,} articles.",
        f"Intervals: {document['intervals']}.",
        f"Encoder {models['encoder']} ({models['news_tower']})"
        + (f", cross-encoder {models['cross_encoder']}." if models.get("cross_encoder") else "."),
        *document["remarks"],
    ]
    if recall:
        shares = ", ".join(f"{name} {share:.4f}" for name, share in recall.items())
        lines.append(f"The approximate index against exact search: {shares}.")
    return lines


def write_report(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write <benchmark>-<split>.json, .md and .png into a folder, each whole or not at all, and return their paths."""
    name = f"{document['benchmark']}-{document['data']['split']}"
    paths = [out / f"{name}{suffix}" for suffix in (".json", ".md", ".png")]
    write_json(paths[0], document)
    with replacing(paths[1]) as part:
        part.write_text(to_markdown(document), "utf-8")
    with replacing(paths[2]) as part:
        plot_rows(document["rows"], f"{document['benchmark'].capitalize()} on {document['data']['split']}", part)
    return paths


def _means(values: Values, users: list[str]) -> dict[str, dict[str, float]]:
    found = {}
    for name, value in values.items():
        low, high = bootstrap_interval(value, users, np.random.default_rng(0), SAMPLES)
        found[name] = {"mean": float(np.nanmean(value)), "low": low, "high": high}
    return found


def _difference(findings: Findings) -> dict[str, Any]:
    ours, other = findings.rows[findings.ours], findings.rows[findings.against]
    metrics = {
        name: paired_difference(ours[name], other[name], findings.users, np.random.default_rng(0), SAMPLES)._asdict()
        for name in ours
    }
    return {"of": findings.ours, "minus": findings.against, "metrics": metrics}


def _data(bench: Workbench, split: Split) -> dict[str, Any]:
    return {
        "newsroom": bench.newsroom.path.name,
        "split": split.name,
        "articles": len(bench.catalogue),
        **split.coverage,
    }


def _models(bench: Workbench, benchmark: str) -> dict[str, Any]:
    config = bench.config
    models: dict[str, Any] = {
        "encoder": Path(config.retrieval.encoder).name,
        "news_tower": bench.news_tower.fingerprint,
    }
    if benchmark == "ranking":
        scorer = bench.cross_encoder
        models |= {"cross_encoder": scorer.fingerprint if scorer else "", "weights": vars(config.rerank.weights)}
    return models


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


def _cell(value: Mapping[str, float], sign: str = "") -> str:
    return f"{value['mean']:{sign}.4f} [{value['low']:{sign}.4f}, {value['high']:{sign}.4f}]"


def _share(data: Mapping[str, Any], what: str) -> str:
    return f"{data[f'{what}_with_text']:,} of {data[what]:,} ({data[f'{what}_with_text'] / max(data[what], 1):.1%})"
