"""The libraries that the benchmark of indexes compares, behind one face: build or load, then search at an effort."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import numpy as np

from broadsheet.index_build.kinds import EF_CONSTRUCTION, build_kind
from broadsheet.index_build.parameters import Parameters, layers, search_parameters
from broadsheet.tables.arrays import Rows, Vectors
from broadsheet.tables.files import write_json
from broadsheet.tables.vectors import MappedVectors

Search = Callable[[Vectors, int, Any], Rows]
"""Queries, k and an effort to rows (queries, k)."""
LINKS = 32
BREADTHS = (100, 130, 170, 230, 300, 400, 530, 700, 1000, 1400, 2000, 2800)
LISTS = (2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)


class Engine:
    """An index that was built, with what building it took."""

    def __init__(self, name: str, search: Search, efforts: list[Any], facts: dict[str, Any]) -> None:
        self.name, self.search, self.efforts, self.facts = name, search, efforts, facts


def open_engine(name: str, vectors: MappedVectors, work: Path, threads: int, k_factor: int = 1) -> Engine:
    """Return an engine over the vectors, built once and kept in the folder `work`; k_factor is FAISS's refinement's.

    `name` is hnswlib, usearch f32, usearch f16, usearch bf16, usearch i8, or a FAISS factory string.
    """
    path = work / f"{len(vectors)}-{name.replace(' ', '-')}"
    facts_path = path.with_name(f"{path.name}.json")
    make = _hnswlib if name == "hnswlib" else _usearch if name.startswith("usearch") else _faiss
    if not facts_path.is_file():
        with peak_memory() as peak:
            started = perf_counter()
            make(name, vectors, path, threads, True)
            seconds = perf_counter() - started
        size = path.stat().st_size
        write_json(facts_path, {"build_seconds": seconds, "bytes_per_vector": size / len(vectors), **peak})
    facts = json.loads(facts_path.read_text("utf-8"))
    search, efforts = make(name, vectors, path, threads, False)
    if k_factor > 1:
        efforts = [Parameters(max(e.efSearch, 100 * k_factor), e.nprobe, k_factor) for e in efforts]
        efforts = list(dict.fromkeys(efforts))
    return Engine(name, search, efforts, facts)


def _faiss(name: str, vectors: MappedVectors, path: Path, threads: int, build: bool) -> tuple[Search, list[Any]]:
    faiss.omp_set_num_threads(threads)
    if build:
        faiss.write_index(build_kind(name, vectors), str(path))
        return _none, []
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    inner = layers(index)[-1]
    efforts = [Parameters()]
    if isinstance(inner, faiss.IndexHNSW):
        efforts = [Parameters(efSearch=breadth) for breadth in BREADTHS]
    elif isinstance(inner, faiss.IndexIVF):
        efforts = [Parameters(nprobe=count) for count in LISTS if count <= inner.nlist]

    def search(queries: Vectors, k: int, effort: Parameters) -> Rows:
        return index.search(queries, k, params=search_parameters(index, effort, k))[1]

    return search, efforts


def _hnswlib(name: str, vectors: MappedVectors, path: Path, threads: int, build: bool) -> tuple[Search, list[Any]]:
    import hnswlib

    index = hnswlib.Index(space="ip", dim=vectors.dim)
    if build:
        index.init_index(max_elements=len(vectors), ef_construction=EF_CONSTRUCTION, M=LINKS, random_seed=100)
        for block in vectors:
            index.add_items(block, num_threads=threads)
        index.save_index(str(path))
        return _none, []
    index.load_index(str(path), max_elements=len(vectors))

    def search(queries: Vectors, k: int, effort: int) -> Rows:
        index.set_ef(effort)
        return np.asarray(index.knn_query(queries, k=k, num_threads=threads)[0], np.int64)

    return search, list(BREADTHS)


def _usearch(name: str, vectors: MappedVectors, path: Path, threads: int, build: bool) -> tuple[Search, list[Any]]:
    from usearch.index import Index

    kind = name.split()[1]
    index = Index(
        ndim=vectors.dim, metric="ip", dtype=kind, connectivity=LINKS, expansion_add=EF_CONSTRUCTION, multi=False
    )
    if build:
        start = 0
        for block in vectors:
            index.add(np.arange(start, start + len(block)), np.ascontiguousarray(block), threads=threads)
            start += len(block)
        index.save(str(path))
        return _none, []
    index.load(str(path))

    def search(queries: Vectors, k: int, effort: int) -> Rows:
        index.expansion_search = effort
        return np.asarray(index.search(queries, k, threads=threads).keys, np.uint64).astype(np.int64)

    return search, list(BREADTHS)


def _none(queries: Vectors, k: int, effort: Any) -> Rows:  # noqa: ANN401
    return np.zeros((0, k), np.int64)


@contextmanager
def peak_memory() -> Iterator[dict[str, int]]:
    """Yield a dictionary that holds, afterwards, the most MiB that the process had: mapped files apart, and with them.

    It is looked at ten times a second, under Linux.
    """
    found = {"anonymous_mib": 0, "resident_mib": 0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            lines = Path("/proc/self/status").read_text("utf-8").splitlines()
            status = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("RssAnon", "VmRSS"))}
            for key, name in (("anonymous_mib", "RssAnon"), ("resident_mib", "VmRSS")):
                found[key] = max(found[key], int(status[name]) >> 10)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()
