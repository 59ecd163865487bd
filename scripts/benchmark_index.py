"""Measure recall against speed of indexes, on real article vectors and real readers' vectors.

Ours (the kind that `auto` chooses, and others named) beside hnswlib and usearch, with the same number of threads, the
same links and breadth of building, and the same queries. Every round goes through all of them, so that whatever else
the machine does falls on all; the figures are medians over the rounds. Larger sizes are the articles' own vectors,
widened by mixing and noise (scripts/index_vectors.py). Ten millions take 16 GB of disk and an hour of two cores:
`--size 10000000 --memory-mib 4000 --engine none`, so that auto takes no graph. hnswlib and usearch are no part of
Broadsheet:

    pip install hnswlib==0.8.0 usearch==2.26.6      # the first is built here, and needs a C++ compiler

Indexes are kept in the folder --work: a second run measures them again without building. `--engine none` builds and
measures ours alone. Example: python scripts/benchmark_index.py newsroom --work indexes --out results
"""

import json
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Annotated, Any

import faiss
import numpy as np
import typer
from index_engines import Engine, open_engine, peak_memory
from index_report import curve, to_markdown, write
from index_vectors import compare, make_table

from broadsheet.evaluation.report.document import check_output, stamp
from broadsheet.index_build import Goal, build_index
from broadsheet.index_build.measure import BATCH, Exact, search_exactly, shares_found
from broadsheet.newsroom import Newsroom
from broadsheet.offline.workbenches import open_bench
from broadsheet.tables.files import write_json
from broadsheet.tables.vectors import MappedVectors
from broadsheet.workbench.reader_vectors import sample_user_vectors

OTHERS = ("hnswlib", "usearch f16", "usearch i8")
SIZES = (0, 200_000, 1_000_000)
K = 100


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with readers.")],
    work: Annotated[Path, typer.Option(help="Folder for vectors and indexes, kept.")],
    size: Annotated[list[int] | None, typer.Option(help="Numbers of vectors; 0 is the articles' own.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Other kinds of ours to measure beside auto's choice.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help=f"Others: {', '.join(OTHERS)}; or none.")] = None,
    recall: Annotated[float, typer.Option(help="The recall@100 asked of auto.")] = 0.98,
    memory_mib: Annotated[int, typer.Option(help="Most memory that auto's choice may take; 0 is what fits.")] = 0,
    rounds: Annotated[int, typer.Option(help="Rounds of timing.")] = 5,
    threads: Annotated[int, typer.Option(help="Threads of each.")] = os.cpu_count() or 1,
    build_only: Annotated[bool, typer.Option(help="Build, and measure nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table for each size."""
    check_output(out)
    work.mkdir(parents=True, exist_ok=True)
    faiss.omp_set_num_threads(threads)
    vectors, queries = _read(newsroom, work)
    others = [] if engine == ["none"] else engine or list(OTHERS)
    sizes: dict[str, Any] = {}
    for count in size or SIZES:
        table = make_table(vectors, count or len(vectors), work / f"vectors-{count or len(vectors)}.arrow")
        report = _auto(table, queries, work, Goal("auto", recall, memory_mib))
        names = list(dict.fromkeys([report["kind"], *(kind or []), *others]))
        engines = _open(names, report, MappedVectors(table), work, threads)
        if not build_only:
            sizes[str(len(table))] = {"auto": report, "engines": _compare(engines, table, queries, rounds)}
    document = {
        **stamp(Path(__file__).parent),
        "threads": threads,
        "rounds": rounds,
        "batch": BATCH,
        "recall": recall,
        "queries": len(queries),
        "widened": compare(vectors, queries),
        "sizes": sizes,
    }
    if out and not build_only:
        document = write(document, out)
    print(to_markdown(document))


def _read(newsroom: Path, work: Path) -> tuple[Any, Any]:
    """Return the articles' vectors and those of a thousand readers' interests, kept for the next run."""
    kept = work / "articles.npz"
    if not kept.is_file():
        bench = open_bench(Newsroom(newsroom))
        np.savez(kept, vectors=bench.catalogue.vectors.whole(), queries=sample_user_vectors(bench, 1000))
    with np.load(kept) as arrays:
        return arrays["vectors"], arrays["queries"]


def _auto(table: Any, queries: Any, work: Path, goal: Goal) -> dict[str, Any]:  # noqa: ANN401
    """Return the report of a build for a newsroom whose articles have the vectors `table`."""
    path = work / f"{len(table)}-auto.json"
    if not path.is_file():
        print(f"{len(table)}: auto", file=sys.stderr)
        index, rows = work / f"{len(table)}-auto.faiss", work / f"{len(table)}-auto.arrow"
        with peak_memory() as peak:
            started = perf_counter()
            report = build_index(table, index, rows, model="", queries=queries, goal=goal)
            seconds = perf_counter() - started
        write_json(path, {**report, "seconds": seconds, **peak})
        kind = report["kind"].replace(" ", "-")
        index.replace(work / f"{len(table)}-{kind}")
        facts = {"build_seconds": report["build_seconds"], "bytes_per_vector": report["bytes_per_vector"], **peak}
        write_json(work / f"{len(table)}-{kind}.json", facts)
    report = json.loads(path.read_text("utf-8"))
    print(f"{len(table)}: auto is {report['kind']}", file=sys.stderr)
    return report


def _open(
    names: list[str], report: dict[str, Any], vectors: MappedVectors, work: Path, threads: int
) -> dict[str, Engine]:
    tuned = {row["kind"]: row["parameters"]["k_factor"] for row in [*report["trials"], report]}
    engines = {}
    for name in names:
        print(f"{len(vectors)}: {name}", file=sys.stderr)
        engines[name] = open_engine(name, vectors, work, threads, tuned.get(name, 0) or 1)
    return engines


def _compare(engines: dict[str, Engine], table: Any, queries: Any, rounds: int) -> dict[str, Any]:  # noqa: ANN401
    """Return recall and queries a second of every engine at each effort."""
    vectors = MappedVectors(table)
    exact = search_exactly(vectors, queries)
    points = [(engine, place) for engine in engines.values() for place in range(len(engine.efforts))]
    recalls = {(engine.name, place): _recall(engine, place, exact, vectors) for engine, place in points}
    spent: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        for engine, place in points:
            started = perf_counter()
            for start in range(0, len(queries), BATCH):
                engine.search(queries[start : start + BATCH], K, engine.efforts[place])
            spent.setdefault((engine.name, place), []).append(perf_counter() - started)
        print(f"{len(vectors)}: round {number + 1}/{rounds}", file=sys.stderr)
    qps = {key: len(queries) / median(seconds) for key, seconds in spent.items()}
    return {
        name: {**engine.facts, "curve": curve(engine.efforts, name, recalls, qps)} for name, engine in engines.items()
    }


def _recall(engine: Engine, place: int, exact: Exact, vectors: MappedVectors) -> float:
    """Return the recall as the build measures it: what is as near as the last true neighbour counts."""
    batches = [exact.queries[start : start + BATCH] for start in range(0, len(exact.queries), BATCH)]
    rows = np.concatenate([engine.search(queries, exact.k, engine.efforts[place]) for queries in batches])
    return float(shares_found(rows, exact, vectors).mean())


if __name__ == "__main__":
    from command import run

    run(measure)
