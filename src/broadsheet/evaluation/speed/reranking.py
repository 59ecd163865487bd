"""The benchmark of the cross-encoder's speed, beside sentence-transformers with the same weights and pairs."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.speed.report import OURS, processor
from broadsheet.evaluation.speed.reranking_pairs import Requests, draw_requests, pairs_of, read_alike, save_merged
from broadsheet.evaluation.speed.reranking_report import TOP, spread
from broadsheet.evaluation.speed.warm_process import WarmProcess, start_first
from broadsheet.models.trained_folder import stands
from broadsheet.progress import Say
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.rerank.cross_encoder.trained import shipped_adapter
from broadsheet.tables.arrays import Vectors
from broadsheet.workbench.workbench import Workbench

BASE = "default"
BACKENDS = ("ONNX", "ONNX int8", "OpenVINO", "OpenVINO, batch 8", "OpenVINO int8", "OpenVINO int8, batch 8")
ROWS = (BASE, "default, batch 8", "bfloat16", "bfloat16, batch 8", *BACKENDS, OURS)
INSTALL = "pip install sentence-transformers; for its other rows also onnx onnxruntime openvino nncf"


@dataclass(frozen=True)
class RerankingTask:
    """Whose candidates are scored, and by which programs."""

    split: str
    readers: int
    depth: int
    "Candidates of each reader."
    rounds: int
    "Parts that the readers are split into; all rows take each part in turn."
    pythons: Sequence[str]
    "Interpreters with sentence-transformers; a row runs in the first in which it loads."
    worker: Path
    "The program that a row runs: benchmarks/rows/reranking.py."


def measure_reranking(bench: Workbench, task: RerankingTask, rows: Sequence[str], report: Say) -> dict[str, Any]:
    """Return the document of some of ROWS, and of how long re-ranking takes as a whole."""
    settings = bench.models.config.rerank
    *requests, other = draw_requests(bench, task.split, task.readers + 1, task.depth)  # rows warm up with the last
    with tempfile.TemporaryDirectory() as place:
        merged = Path(place) / "merged"
        tokenizer = save_merged(_adapter(bench), settings.encoder, merged)
        pairs = pairs_of(bench, requests, tokenizer)
        files = _write_rounds(pairs, task.rounds, Path(place))
        warm = _write_pairs(pairs_of(bench, [other], tokenizer), Path(place) / "warm.json")
        found, skipped = _measure_rows(rows, bench, merged, [warm, *files], task, report)
    return {
        **stamp(),
        "processor": processor(),
        "pairs": {
            **{"split": task.split, "readers": task.readers, "candidates": task.depth, "rounds": task.rounds},
            "max_tokens": settings.max_tokens,
            "pairs_read_alike": read_alike(pairs, tokenizer, settings.max_tokens),
            "articles": len(bench.data.catalogue),
        },
        "rows": found,
        "skipped": skipped,
        "reranking": _measure_whole(bench, [other, *requests], task.depth),
    }


def _adapter(bench: Workbench) -> Path:
    own = bench.data.newsroom.reranker
    return own if stands(own) else shipped_adapter()


def _write_rounds(pairs: Sequence[Sequence[Pair]], rounds: int, work: Path) -> list[Path]:
    """Write the pairs of each round's readers, and return the files."""
    parts = np.array_split(np.arange(len(pairs)), rounds)
    return [
        _write_pairs([pairs[reader] for reader in part], work / f"pairs-{number}.json")
        for number, part in enumerate(parts)
    ]


def _write_pairs(pairs: Sequence[Sequence[Pair]], path: Path) -> Path:
    path.write_text(json.dumps(pairs), "utf-8")
    return path


def _measure_rows(
    names: Sequence[str], bench: Workbench, merged: Path, files: Sequence[Path], task: RerankingTask, report: Say
) -> tuple[dict[str, Any], dict[str, str]]:
    """Measure rows in rounds: the pairs of each file, but of the first, which only warms."""
    warm, *files = files
    settings, running, skipped = bench.models.config.rerank, dict[str, WarmProcess](), dict[str, str]()
    for name in names:
        report(f"Loading {name}")
        where, folder = ([sys.executable], _adapter(bench)) if name == OURS else (task.pythons, merged)
        given = (str(folder), settings.encoder, str(settings.max_tokens), str(warm))
        process = start_first(where, task.worker, name, *given)
        if isinstance(process, WarmProcess):
            running[name] = process
        else:
            skipped[name] = f"{process}. Install: {INSTALL}"
            report(f"{name} is left out: {process}")
    spent: dict[str, list[Any]] = {name: [] for name in running}
    scores: dict[str, list[Any]] = {name: [] for name in running}
    for number, file in enumerate(files):
        for name, process in running.items():
            target = file.with_name(f"scores-{name}-{number}.npy")
            spent[name].append(process.ask(pairs=str(file), scores=str(target)))
            scores[name].append(np.load(target))
            report(f"round {number + 1}/{len(files)}: {name} {sum(spent[name][-1]['seconds']):.1f} s")
    found = {name: process.start | _figures(name, spent, scores) for name, process in running.items()}
    for process in running.values():
        process.stop()
    return found, skipped


def _figures(name: str, spent: Mapping[str, list[Any]], scores: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return a row's figures: medians over the rounds, milliseconds of a reader, likeness to the default row."""
    seconds = {row: np.array([sum(part["seconds"]) for part in parts]) for row, parts in spent.items()}
    pairs = np.array([part.size for part in scores[name]])
    processor = np.array([part["processor_seconds"] for part in spent[name]])
    figures: dict[str, Any] = {
        "pairs_per_second": float(np.median(pairs / seconds[name])),
        "pairs_per_processor_second": float(np.median(pairs / processor)),
        **spread([one for part in spent[name] for one in part["seconds"]]),
        "seconds": seconds[name].tolist(),
    }
    if BASE in spent:
        figures["times_default"] = float(np.median(seconds[BASE] / seconds[name]))
        figures |= _likeness(np.concatenate(scores[name]), np.concatenate(scores[BASE]))
    return figures


def _likeness(scores: Vectors, reference: Vectors) -> dict[str, float]:
    """Compare scores (readers, candidates) with those of sentence-transformers in float32."""
    best, wanted = (np.argsort(-part, axis=1, kind="stable")[:, :TOP] for part in (scores, reference))
    same = np.sort(best, axis=1) == np.sort(wanted, axis=1)
    return {
        "same_top": float(same.all(axis=1).mean()),
        "same_order": float((best == wanted).all(axis=1).mean()),
        "largest_difference": float(np.abs(scores - reference).max()),
    }


def _measure_whole(bench: Workbench, requests: Requests, depth: int) -> dict[str, float]:
    """Return milliseconds of re-ranking a reader's candidates, the first of whom only warms."""
    rerank, seconds = bench.make_reranker(depth), []
    rerank(*requests[0])
    for user, candidates in requests[1:]:
        started = time.perf_counter()
        rerank(user, candidates)
        seconds.append(time.perf_counter() - started)
    return spread(seconds)
