"""Measure the cross-encoder's speed beside sentence-transformers' CrossEncoder.predict with the same weights and pairs.

Each reader's candidates are scored in one call, as a request does. Every row works in a process of its own that stays
warm, and all of them take each round in turn, so that whatever else the machine does falls on all. Top tens and scores
are compared with those of the default row, which computes in float32. sentence-transformers is no part of Broadsheet:
install it in environments of its own and name their interpreters; a row runs in the first in which it loads, and is
left out, with the reason, if there is none. The machine must be quiet.

Example: python scripts/benchmark_reranking_speed.py newsroom --python st/bin/python --out results
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from reranking_pairs import draw_requests, pairs_of, read_alike, save_merged
from reranking_speed_report import TOP, spread, to_markdown, write
from speed_report import OURS, processor
from warm_process import WarmProcess, start_first

if TYPE_CHECKING:
    from broadsheet.workbench.workbench import Workbench

BASE = "default"
BACKENDS = ("ONNX", "ONNX int8", "OpenVINO", "OpenVINO, batch 8", "OpenVINO int8", "OpenVINO int8, batch 8")
ROWS = (BASE, "default, batch 8", "bfloat16", "bfloat16, batch 8", *BACKENDS, OURS)
WORKER = Path(__file__).with_name("reranking_speed_row.py")
INSTALL = "pip install sentence-transformers; for its other rows also onnx onnxruntime openvino nncf"


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with articles and the split's impressions.")],
    split: Annotated[str, typer.Option(help="Split whose readers are measured.")] = "valid",
    readers: Annotated[int, typer.Option(help="Readers measured.")] = 100,
    depth: Annotated[int, typer.Option(help="Candidates of each.")] = 100,
    rounds: Annotated[int, typer.Option(help="Rounds that the readers are split into.")] = 10,
    row: Annotated[list[str] | None, typer.Option(help="Rows measured, all if none is named.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="Interpreters with sentence-transformers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table of scorers, and how long re-ranking takes as a whole."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    check_output(out)
    pythons, names = python or [sys.executable], row or list(ROWS)
    if missing := [name for name in pythons if not shutil.which(name)]:
        raise typer.BadParameter(f"--python: found {missing}, expected interpreters, such as st/bin/python.")
    if unknown := [name for name in names if name not in ROWS]:
        raise typer.BadParameter(f"--row: found {unknown}, expected some of {'; '.join(ROWS)}.")
    bench = open_bench(Newsroom(newsroom), lambda line: print(line, file=sys.stderr))
    *requests, other = draw_requests(bench, split, readers + 1, depth)  # rows warm up with the last
    with tempfile.TemporaryDirectory() as place:
        merged = Path(place) / "merged"
        tokenizer = save_merged(_adapter(bench), bench.config.rerank.encoder, merged)
        pairs = pairs_of(bench, requests, tokenizer)
        files = _write_rounds(pairs, rounds, Path(place))
        warm = _write_pairs(pairs_of(bench, [other], tokenizer), Path(place) / "warm.json")
        rows, skipped = _measure_rows(names, bench, merged, [warm, *files], pythons)
    about = {"split": split, "readers": readers, "candidates": depth, "rounds": rounds}
    alike = read_alike(pairs, tokenizer, bench.config.rerank.max_tokens)
    tokens = {"max_tokens": bench.config.rerank.max_tokens, "pairs_read_alike": alike}
    document = {
        **stamp(Path(__file__).parent),
        "processor": processor(),
        "pairs": about | tokens | {"articles": len(bench.catalogue)},
        "rows": rows,
        "skipped": skipped,
        "reranking": _measure_reranking(bench, [other, *requests], depth),
    }
    print(to_markdown(document))
    if out:
        write(document, out)


def _adapter(bench: "Workbench") -> Path:
    from broadsheet.rerank.cross_encoder.trained import shipped_adapter

    own = bench.newsroom.reranker
    return own if own.is_dir() else shipped_adapter()


def _write_rounds(pairs: Sequence[Any], rounds: int, work: Path) -> list[Path]:
    """Write the pairs of each round's readers, and return the files."""
    parts = np.array_split(np.arange(len(pairs)), rounds)
    return [
        _write_pairs([pairs[reader] for reader in part], work / f"pairs-{number}.json")
        for number, part in enumerate(parts)
    ]


def _write_pairs(pairs: Sequence[Any], path: Path) -> Path:
    path.write_text(json.dumps(pairs), "utf-8")
    return path


def _measure_rows(
    names: Sequence[str], bench: "Workbench", merged: Path, files: Sequence[Path], pythons: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Measure rows in rounds: the pairs of each file, but of the first, which only warms."""
    warm, *files = files
    settings, running, skipped = bench.config.rerank, dict[str, WarmProcess](), dict[str, str]()
    for name in names:
        print(f"Loading {name}", file=sys.stderr)
        where, folder = ([sys.executable], _adapter(bench)) if name == OURS else (pythons, merged)
        process = start_first(where, WORKER, name, str(folder), settings.encoder, str(settings.max_tokens), str(warm))
        if isinstance(process, WarmProcess):
            running[name] = process
        else:
            skipped[name] = f"{process}. Install: {INSTALL}"
            print(f"{name} is left out: {process}", file=sys.stderr)
    spent: dict[str, list[Any]] = {name: [] for name in running}
    scores: dict[str, list[Any]] = {name: [] for name in running}
    for number, file in enumerate(files):
        for name, process in running.items():
            target = file.with_name(f"scores-{name}-{number}.npy")
            spent[name].append(process.ask(pairs=str(file), scores=str(target)))
            scores[name].append(np.load(target))
            print(f"round {number + 1}/{len(files)}: {name} {sum(spent[name][-1]['seconds']):.1f} s", file=sys.stderr)
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


def _likeness(scores: Any, reference: Any) -> dict[str, float]:  # noqa: ANN401
    """Compare scores (readers, candidates) with those of sentence-transformers in float32."""
    best, wanted = (np.argsort(-part, axis=1, kind="stable")[:, :TOP] for part in (scores, reference))
    same = np.sort(best, axis=1) == np.sort(wanted, axis=1)
    return {
        "same_top": float(same.all(axis=1).mean()),
        "same_order": float((best == wanted).all(axis=1).mean()),
        "largest_difference": float(np.abs(scores - reference).max()),
    }


def _measure_reranking(bench: "Workbench", requests: Sequence[Any], depth: int) -> dict[str, float]:
    """Return milliseconds of re-ranking a reader's candidates, the first of whom only warms."""
    rerank, seconds = bench.make_reranker(depth), []
    rerank(*requests[0])
    for user, candidates in requests[1:]:
        started = time.perf_counter()
        rerank(user, candidates)
        seconds.append(time.perf_counter() - started)
    return spread(seconds)


if __name__ == "__main__":
    from command import run

    run(measure)
