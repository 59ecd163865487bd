"""What a benchmark found, with everything needed to judge and to repeat it: as JSON, a Markdown table and a plot."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.evaluation import SEEDS, Split, Values
from broadsheet.intervals import Bootstrap, Interval, holm
from broadsheet.newsroom import write_json
from broadsheet.plots import new_figure, plot_rows
from broadsheet.tables import replacing
from broadsheet.version import __version__
from broadsheet.workbench import Workbench

SAMPLES = 5000
"""Bootstrap samples of each interval."""
INTERVALS = (
    f"95 %, bootstrap over readers, {SAMPLES} samples, seed 0; p-values of differences corrected by Holm's method"
)
_PACKAGES = ("torch", "transformers", "peft", "numpy", "pyarrow")


@dataclass(frozen=True)
class Findings:
    """The metrics of each row compared, by impression, and what they were measured on."""

    rows: Mapping[str, Values]
    notes: Mapping[str, str]
    "What each row is."
    comparisons: list[tuple[str, str]]
    "Rows whose difference is reported: the first minus the second."
    users: list[str]
    "The reader of each impression, whole readers being resampled for the intervals."
    remarks: list[str]
    "What else the reader must know, in sentences."
    runs: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)
    "For rows of several seeds, the means of each."
    towers: list[dict[str, Any]] = field(default_factory=list)
    "The trained towers; see describe_towers."


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


def describe(
    findings: Findings, bench: Workbench, split: Split, checkout: Path, *, live: bool = False
) -> dict[str, Any]:
    """Return a document that JSON can hold: means with 95 % intervals, paired differences, data, models, versions.

    `checkout` is the folder whose git commit is named.
    """
    bootstrap = Bootstrap(findings.users, np.random.default_rng(0), SAMPLES)
    scorer = bench.cross_encoder
    return {
        "benchmark": "ranking",
        "setting": "live" if live else "content-only",
        **stamp(checkout),
        "data": data_of(bench, split, findings.users),
        "models": models_of(bench, findings.towers)
        | {"cross_encoder": scorer.fingerprint if scorer else "", "weights": vars(bench.config.rerank.weights)},
        "seeds": list(SEEDS),
        "intervals": INTERVALS,
        "notes": {name: note for name, note in findings.notes.items() if name in findings.rows},
        "rows": {name: bootstrap.intervals(values) for name, values in findings.rows.items()},
        "differences": differences_of(bootstrap, findings.rows, findings.comparisons),
        "runs": findings.runs,
        "remarks": findings.remarks,
    }


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


def to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document's rows as a Markdown table with what it was measured on."""
    rows = document["rows"]
    lines = table_lines(document["benchmark"], rows, list(next(iter(rows.values()))))
    lines += ["", *difference_lines(document["differences"]), "", *about(document), ""]
    lines += [f"- {name}: {note}." for name, note in document["notes"].items()]
    return "\n".join(lines) + "\n"


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
    seeds = Counter(one["label"] for one in models["towers"])
    if seeds:
        named = ", ".join(f"{label} ({count} {'seed' if count == 1 else 'seeds'})" for label, count in seeds.items())
        lines.append(f"Trained towers: {named}.")
    return [*lines, *document["remarks"]]


def write_report(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ranking-<split>.json, .md and .png into a folder, each whole or not at all, and return their paths.

    In the live setting they are named ranking-<split>-live.
    """
    name = f"{document['benchmark']}-{document['data']['split']}" + ("-live" if document["setting"] == "live" else "")
    paths = [out / f"{name}{suffix}" for suffix in (".json", ".md", ".png")]
    write_json(paths[0], document)
    write_text(paths[1], to_markdown(document))
    with replacing(paths[2]) as part:
        plot_rows(
            document["rows"],
            f"{document['benchmark'].capitalize()} on {document['data']['split']}, {document['setting']}",
            part,
        )
    return paths


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, "utf-8")


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
