"""The whole of an index in shards: the table that names them, and what they find together.

Each shard has the recall asked for among its own nearest hundred, of which the first few are among those of the whole.
If a search misses the near as often as the far, the whole has the mean of the shards' recall, each weighed by how many
of the nearest lie in it; an approximate search misses the far more often, so the whole has more. That is no theorem:
misses that were all of the nearest would add up from shard to shard. So the whole is held against exact search too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import numpy as np
import pyarrow as pa

from broadsheet.errors import ConfigError
from broadsheet.index_build.build import STAND_INS
from broadsheet.index_build.choice import Goal
from broadsheet.index_build.measure import BATCH, search_exactly, shares_found
from broadsheet.index_build.reuse import SAME_VECTORS
from broadsheet.index_build.search import SearchIndex, ShardedIndex, open_index
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import INDEX
from broadsheet.tables.vectors import MappedVectors

Report = Mapping[str, Any]
"""What build_index, or join_shards, measured."""


def join_shards(
    vectors: pa.Table,
    index_path: Path,
    rows_path: Path,
    shards: Sequence[Report],
    *,
    model: str,
    queries: Vectors,
    goal: Goal,
    earlier: Sequence[Report] = (),
) -> dict[str, Any]:
    """Write the table index over shards that lie beside `index_path`; returns what was measured of all together.

    `shards` are their reports, in order. Of the `earlier` reports, one whose shards were all taken over stays. Raises
    ContractError if a shard is damaged, and ConfigError if together they have not the recall.
    """
    count, dim = len(shards), vectors.schema.field("vector").type.list_size
    kind = ", ".join(f"{times} x {kind}" for kind, times in Counter(shard["kind"] for shard in shards).items())
    stamp = {"goal": str(goal), "metric": "inner_product", "dim": str(dim), "kind": kind, "shards": str(count)}
    write_table(rows_path, vectors.select(["news_id"]), INDEX, model=model, **stamp)
    search = open_index(index_path, rows_path, news_ids=vectors.column("news_id"), model=model)
    for report in earlier:
        if [{**shard, "taken_over": SAME_VECTORS} for shard in report.get("shards", ())] == shards:
            return {**report, "taken_over": SAME_VECTORS, "shards": shards}
    chosen_by = "; ".join(dict.fromkeys(shard["chosen_by"] for shard in shards))
    measured = _measure(search, MappedVectors(vectors), queries)
    report = {"kind": kind, "chosen_by": chosen_by, **measured, **_sums(shards), "goal": str(goal)}
    if report["recall_low"] < goal.recall:
        raise ConfigError(
            f"index.recall: found {goal.recall}, expected what {count} shards have together, "
            f"{report['recall@100']:.4f}. Lower it, or index.shards."
        )
    same = sum(shard["taken_over"] == SAME_VECTORS for shard in shards)
    return {**report, "taken_over": f"{same} of {count} shards, {SAME_VECTORS}" if same else "", "shards": shards}


def _measure(search: SearchIndex | ShardedIndex, vectors: MappedVectors, queries: Vectors) -> dict[str, Any]:
    """Search once for all queries, or for articles if there are no queries."""
    exact = search_exactly(vectors, queries if len(queries) else vectors.sample(STAND_INS, seed=1))
    started = perf_counter()
    batches = [exact.queries[start : start + BATCH] for start in range(0, len(exact.queries), BATCH)]
    rows = np.concatenate([search(queries, exact.k)[1] for queries in batches])
    seconds = perf_counter() - started
    recalls = shares_found(rows, exact, vectors)
    return {
        "recall@100": round(float(recalls.mean()), 4),
        "recall_low": round(float(recalls.mean() - 2 * recalls.std() / len(recalls) ** 0.5), 4),
        "qps": round(len(recalls) / seconds, 1),
        "vectors": len(vectors),
        "queries": {"of": "user vectors" if len(queries) else "article vectors", "count": len(recalls)},
        "threads": faiss.omp_get_max_threads(),
    }


def _sums(shards: Sequence[Report]) -> dict[str, float]:
    """Return the bytes of a vector and the seconds of building, over all shards."""
    total = sum(shard["vectors"] for shard in shards)
    sizes = ("bytes_per_vector", "memory_per_vector")
    means = {name: round(sum(shard[name] * shard["vectors"] for shard in shards) / total, 1) for name in sizes}
    return {**means, "build_seconds": round(sum(shard["build_seconds"] for shard in shards), 2)}
