"""Measure encoding: articles a second, memory and likeness, beside sentence-transformers with the same model and texts.

Every row works in a process of its own that stays warm, and all of them take each round in turn, so that whatever else
the machine does falls on all. sentence-transformers is no part of Broadsheet: install it in environments of its own and
name their interpreters; a row runs in the first in which it loads, and is left out, with the reason, if there is none.
The machine must be quiet: threads that wait for one another lose far more than the time that others take.

Example: python scripts/benchmark_encoding.py newsroom --python st/bin/python --python optimum/bin/python --out results
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from encoding_texts import write_table_of, write_texts
from speed_report import OURS, machine_lines, plot_bars, processor, table_lines
from warm_process import WarmProcess, start_first

from broadsheet.tables.arrays import Vectors

BASE = "default"
ROWS = (BASE, "bfloat16", "ONNX", "ONNX int8", "OpenVINO", "OpenVINO int8", OURS)
TABLES = (10_000, 50_000, 200_000)
WORKER = Path(__file__).with_name("encoding_row.py")
NEIGHBOURS = 10
QUERIES = 2000
"""Articles whose neighbours are compared, the first ones."""
INSTALL = (
    "pip install sentence-transformers; for its backends, in another environment: "
    'pip install sentence-transformers "optimum-onnx[onnxruntime]" "optimum-intel[openvino]" "datasets<5"'
)


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom whose articles are encoded.")],
    model: Annotated[str, typer.Option(help="The encoder.")] = "asset:minilm",
    max_tokens: Annotated[int, typer.Option(help="Tokens read of a text.")] = 96,
    texts: Annotated[int, typer.Option(help="Texts in all; articles come again with another cut.")] = 50_000,
    rounds: Annotated[int, typer.Option(help="Rounds that the texts are split into.")] = 5,
    row: Annotated[
        list[str] | None, typer.Option(help="Encoders measured, all if none is named; none: memory alone.")
    ] = None,
    table: Annotated[
        list[int] | None, typer.Option(help="Sizes of news tables whose peak memory is measured; 0: none.")
    ] = None,
    python: Annotated[list[str] | None, typer.Option(help="Interpreters with sentence-transformers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table of encoders, and one of memory."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.models import loading as models

    check_output(out)
    pythons = python or [sys.executable]
    if missing := [name for name in pythons if not shutil.which(name)]:
        raise typer.BadParameter(f"--python: found {missing}, expected interpreters, such as st/bin/python.")
    names = [] if row == ["none"] else row or list(ROWS)
    if unknown := [name for name in names if name not in ROWS]:
        raise typer.BadParameter(f"--row: found {unknown}, expected none or some of {', '.join(ROWS)}.")
    folder = Path(models.resolve(model))
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        files = write_texts(newsroom, texts, rounds, work) if names else []
        rows, skipped = _measure_rows(names, folder, max_tokens, files, pythons, work)
        sizes = {size: _measure_table(newsroom, size, folder, max_tokens, work) for size in table or TABLES if size}
    document = {
        **stamp(Path(__file__).parent),
        "processor": processor(),
        "texts": {"count": texts, "rounds": rounds, "max_tokens": max_tokens, "model": model},
        "rows": rows,
        "skipped": skipped,
        "tables": sizes,
    }
    print(_markdown(document))
    if out:
        _write(document, out)


def _measure_rows(
    names: list[str], model: Path, max_tokens: int, files: list[Path], pythons: list[str], work: Path
) -> tuple[dict[str, Any], dict[str, str]]:
    running: dict[str, WarmProcess] = {}
    skipped: dict[str, str] = {}
    for name in names:
        print(f"Loading {name}", file=sys.stderr)
        where = [sys.executable] if name == OURS else pythons
        row = start_first(where, WORKER, name, str(model), str(max_tokens), str(files[0]))
        if isinstance(row, WarmProcess):
            running[name] = row
        else:
            skipped[name] = f"{row}. Install: {INSTALL}"
            print(f"{name} is left out: {row}", file=sys.stderr)
    spent: dict[str, list[dict[str, float]]] = {name: [] for name in running}
    for number, texts in enumerate(files):
        for name, row in running.items():
            spent[name].append(row.ask(texts=str(texts), vectors=str(work / f"{name}-{number}.npy")))
            print(f"round {number + 1}/{len(files)}: {name} {spent[name][-1]['seconds']:.1f} s", file=sys.stderr)
    found = {name: running[name].start | _figures(name, spent, files, work) for name in running}
    for row in running.values():
        row.stop()
    return found, skipped


def _figures(name: str, spent: dict[str, list[dict[str, float]]], files: list[Path], work: Path) -> dict[str, Any]:
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
        figures |= _likeness(*(_vectors(row, len(files), work) for row in (name, BASE)))
    return figures


def _vectors(name: str, rounds: int, work: Path) -> Vectors:
    return np.concatenate([np.load(work / f"{name}-{number}.npy") for number in range(rounds)])


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


def _neighbours(vectors: Vectors) -> npt.NDArray[np.int64]:
    """Return the rows of the nearest vectors of the first ones, themselves left out."""
    queries = min(QUERIES, len(vectors))
    scores = vectors[:queries] @ vectors.T
    scores[np.arange(queries), np.arange(queries)] = -2
    return np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]


def _measure_table(newsroom: Path, size: int, model: Path, max_tokens: int, work: Path) -> dict[str, float]:
    """Encode a news table of a size in a fresh process; return its seconds and memory."""
    print(f"Encoding a table of {size} articles", file=sys.stderr)
    news = work / "news.arrow"
    write_table_of(newsroom, size, news)
    process = WarmProcess(sys.executable, WORKER, "table", str(model), str(max_tokens), str(news))
    found: dict[str, float] = process.ask()
    process.stop()
    return found


COLUMNS = {
    "articles_per_second": ("articles/s", ".0f"),
    "times_default": ("times the default", ".2f"),
    "articles_per_processor_second": ("articles per processor second", ".0f"),
    "peak_mib": ("peak memory, MiB", ".0f"),
    "mean_cosine": ("mean cosine", ".5f"),
    "least_cosine": ("least cosine", ".4f"),
    "same_neighbours": ("same top 10", ".4f"),
}


def _markdown(document: dict[str, Any]) -> str:
    parts = [_rows_of(document)] if document["rows"] else []
    parts += [_tables_of(document)] if document["tables"] else []
    return "\n".join([*parts, *machine_lines(document)]) + "\n"


def _rows_of(document: dict[str, Any]) -> str:
    lines = table_lines("encoder", COLUMNS, document["rows"])
    texts = document["texts"]
    about = (
        f"{texts['count']:,} texts of at most {texts['max_tokens']} tokens in {texts['rounds']} rounds, which all rows "
        "took in turn; medians over the rounds. Cosine and neighbours against sentence-transformers in float32."
    )
    return "\n".join([*lines, "", about, ""])


def _tables_of(document: dict[str, Any]) -> str:
    lines = ["| articles of a table | seconds | peak MiB | MiB at the end, mapped files apart |", "|---" * 4 + "|"]
    for size, row in document["tables"].items():
        lines.append(f"| {size:,} | {row['seconds']:.0f} | {row['peak_mib']:.0f} | {row['anonymous_mib']:.0f} |")
    return "\n".join([*lines, ""])


def _write(document: dict[str, Any], out: Path) -> None:
    from broadsheet.tables.files import replacing, write_json

    rows = document["rows"]
    name = "encoding" if rows else "encoding-memory"
    write_json(out / f"{name}.json", document)
    with replacing(out / f"{name}.md") as part:
        part.write_text(_markdown(document), "utf-8")
    if not rows:
        return
    values = {name: row["articles_per_second"] for name, row in rows.items()}
    plot_bars(values, "articles a second, median over rounds", out / "encoding.png")


if __name__ == "__main__":
    from command import run

    run(measure)
