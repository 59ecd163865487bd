"""The benchmark of encoding: articles a second, memory and likeness, beside sentence-transformers."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.speed.encoding_texts import write_table_of, write_texts
from broadsheet.evaluation.speed.report import OURS, machine_lines, plot_bars, processor, table_of_rows
from broadsheet.evaluation.speed.warm_process import WarmProcess, start_first
from broadsheet.markdown import table
from broadsheet.models import loading as models
from broadsheet.progress import Say
from broadsheet.tables.arrays import Rows, Vectors

BASE = "default"
ROWS = (BASE, "bfloat16", "ONNX", "ONNX int8", "OpenVINO", "OpenVINO int8", OURS)
TABLES = (10_000, 50_000, 200_000)
NEIGHBOURS = 10
QUERIES = 2000
"""Articles whose neighbours are compared, the first ones."""
INSTALL = (
    "pip install sentence-transformers; for its backends, in another environment: "
    'pip install sentence-transformers "optimum-onnx[onnxruntime]" "optimum-intel[openvino]" "datasets<5"'
)
COLUMNS = {
    "articles_per_second": ("articles/s", ".0f"),
    "times_default": ("times the default", ".2f"),
    "articles_per_processor_second": ("articles per processor second", ".0f"),
    "peak_mib": ("peak memory, MiB", ".0f"),
    "mean_cosine": ("mean cosine", ".5f"),
    "least_cosine": ("least cosine", ".4f"),
    "same_neighbours": ("same top 10", ".4f"),
}


@dataclass(frozen=True)
class EncodingTask:
    """The texts to encode, the model, and the programs that encode."""

    newsroom: Path
    model: str
    "The encoder, a name as in broadsheet.toml."
    max_tokens: int
    "Tokens read of a text."
    texts: int
    "Texts in all."
    rounds: int
    "Parts that the texts are split into; all rows take each part in turn."
    pythons: Sequence[str]
    "Interpreters with sentence-transformers; a row runs in the first in which it loads."
    worker: Path
    "The program that a row runs: benchmarks/rows/encoding.py."


def measure_encoding(task: EncodingTask, rows: Sequence[str], sizes: Sequence[int], report: Say) -> dict[str, Any]:
    """Return the document of some of ROWS, and of the memory that news tables of these sizes take to encode."""
    folder = Path(models.resolve(task.model))
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        files = write_texts(task.newsroom, task.texts, task.rounds, work) if rows else []
        found, skipped = _measure_rows(rows, task, folder, files, report)
        tables = {str(size): _measure_table(task, size, folder, work, report) for size in sizes}
    return {
        **stamp(),
        "processor": processor(),
        "texts": {"count": task.texts, "rounds": task.rounds, "max_tokens": task.max_tokens, "model": task.model},
        "rows": found,
        "skipped": skipped,
        "tables": tables,
    }


def _measure_rows(
    names: Sequence[str], task: EncodingTask, model: Path, files: list[Path], report: Say
) -> tuple[dict[str, Any], dict[str, str]]:
    running: dict[str, WarmProcess] = {}
    skipped: dict[str, str] = {}
    for name in names:
        report(f"Loading {name}")
        where = [sys.executable] if name == OURS else task.pythons
        row = start_first(where, task.worker, name, str(model), str(task.max_tokens), str(files[0]))
        if isinstance(row, WarmProcess):
            running[name] = row
        else:
            skipped[name] = f"{row}. Install: {INSTALL}"
            report(f"{name} is left out: {row}")
    spent: dict[str, list[dict[str, float]]] = {name: [] for name in running}
    for number, texts in enumerate(files):
        for name, row in running.items():
            spent[name].append(row.ask(texts=str(texts), vectors=str(_vectors_file(texts, name))))
            report(f"round {number + 1}/{len(files)}: {name} {spent[name][-1]['seconds']:.1f} s")
    found = {name: running[name].start | _figures(name, spent, files) for name in running}
    for row in running.values():
        row.stop()
    return found, skipped


def _figures(name: str, spent: dict[str, list[dict[str, float]]], files: list[Path]) -> dict[str, Any]:
    counts = np.array([len(json.loads(file.read_text("utf-8"))) for file in files])
    seconds, processor = (
        {row: np.array([part[kind] for part in parts]) for row, parts in spent.items()}
        for kind in ("seconds", "processor_seconds")
    )
    figures: dict[str, Any] = {
        "articles_per_second": float(np.median(counts / seconds[name])),
        "articles_per_processor_second": float(np.median(counts / processor[name])),
        "peak_mib": max(part["peak_mib"] for part in spent[name]),
        "seconds": seconds[name].tolist(),
    }
    if BASE in spent:
        figures["times_default"] = float(np.median(seconds[BASE] / seconds[name]))
        figures |= _likeness(*(_vectors(row, files) for row in (name, BASE)))
    return figures


def _vectors_file(texts: Path, name: str) -> Path:
    """Return where the row `name` writes the vectors of a file of texts."""
    return texts.with_name(f"{name}-{texts.stem}.npy")


def _vectors(name: str, files: list[Path]) -> Vectors:
    return np.concatenate([np.load(_vectors_file(file, name)) for file in files])


def _likeness(vectors: Vectors, reference: Vectors) -> dict[str, float]:
    """Compare with the vectors of sentence-transformers in float32: cosine, and neighbours among 12,000 articles."""
    cosine = (vectors * reference).sum(1)
    found, wanted = (_neighbours(part[:12_000]) for part in (vectors, reference))
    same = [len(set(one) & set(other)) / NEIGHBOURS for one, other in zip(found, wanted, strict=True)]
    return {
        "mean_cosine": float(cosine.mean()),
        "least_cosine": float(cosine.min()),
        "same_neighbours": float(np.mean(same)),
    }


def _neighbours(vectors: Vectors) -> Rows:
    """Return the rows of the nearest vectors of the first ones, themselves left out."""
    queries = min(QUERIES, len(vectors))
    scores = vectors[:queries] @ vectors.T
    scores[np.arange(queries), np.arange(queries)] = -2
    return np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]


def _measure_table(task: EncodingTask, size: int, model: Path, work: Path, report: Say) -> dict[str, float]:
    """Encode a news table of a size in a fresh process; return its seconds and memory."""
    report(f"Encoding a table of {size} articles")
    news = work / "news.arrow"
    write_table_of(task.newsroom, size, news)
    process = WarmProcess(sys.executable, task.worker, "table", str(model), str(task.max_tokens), str(news))
    found: dict[str, float] = process.ask()
    process.stop()
    return found


def report_encoding(document: dict[str, Any]) -> Report:
    """Return the document with a table of encoders, and one of memory if it was measured."""
    rows, lines = document["rows"], list[str]()
    if rows:
        texts = document["texts"]
        lines += [*table_of_rows("encoder", COLUMNS, rows), ""]
        lines += [
            f"{texts['count']:,} texts of at most {texts['max_tokens']} tokens in {texts['rounds']} rounds, which all "
            "rows took in turn; medians over the rounds. Cosine and neighbours against sentence-transformers in "
            "float32.",
            "",
        ]
    if document["tables"]:
        lines += [*_memory_lines(document["tables"]), ""]
    lines += machine_lines(document)
    if not rows:
        return Report("encoding-memory", document, lines)
    values = {name: row["articles_per_second"] for name, row in rows.items()}
    plots = {"": lambda path: plot_bars(values, "articles a second, median over rounds", path)}
    return Report("encoding", document, lines, plots)


def _memory_lines(tables: dict[str, Any]) -> list[str]:
    head = ["articles of a table", "seconds", "peak MiB", "MiB at the end, mapped files apart"]
    figures = ("seconds", "peak_mib", "anonymous_mib")
    return table(head, ([f"{int(size):,}", *(f"{row[name]:.0f}" for name in figures)] for size, row in tables.items()))
