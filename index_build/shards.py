"""Shards: the vectors cut, in their order, into ranges of about equal size, each an index of its own.

Each is built by `build_index`, as an index of all vectors is, so that shards can be built side by side.
"""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from broadsheet.errors import ConfigError
from broadsheet.index_build.choice import Goal


def cut(total: int, count: int) -> list[slice]:
    """Return the rows of each of `count` shards of `total` vectors, in order."""
    bounds = [number * total // count for number in range(count + 1)]
    return [slice(*bounds[number : number + 2]) for number in range(count)]


def shard_path(path: Path, number: int, count: int) -> Path:
    """Return the name of a shard's file: that of the whole, if it is the only shard, else that with the number."""
    return path if count == 1 else path.with_stem(f"{path.stem}-{number:03d}")


def shard_of(vectors: pa.Table, number: int, count: int) -> pa.Table:
    """Return the rows of a shard; raises ConfigError if there are fewer than shards."""
    if len(vectors) < count > 1:
        raise ConfigError(
            f"index.shards: found {count}, expected at most the number of articles, {len(vectors)}. Lower it."
        )
    return vectors[cut(len(vectors), count)[number]]


def shard_goal(goal: Goal, count: int) -> Goal:
    """Return what each shard has to do: the recall of the whole, in its part of the memory.

    A search asks all shards, so they are searched exactly without a trial only if all vectors together are few enough.
    Raises ConfigError if that is less than a MiB: 0 would be no bound at all.
    """
    if 0 < goal.memory_mib < count:
        raise ConfigError(
            f"index.shards: found {count}, expected at most index.memory_mib, {goal.memory_mib}: a MiB for each shard. "
            "Lower it, or raise index.memory_mib."
        )
    return replace(goal, memory_mib=goal.memory_mib // count, exact_up_to=goal.exact_up_to // count)
