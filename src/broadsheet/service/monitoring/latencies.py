"""Latencies by route, read from the histogram of all workers since they started."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from prometheus_client.core import Metric

NAME = "broadsheet_http_request_duration_seconds"


@dataclass(frozen=True)
class Latency:
    """How long the requests of a route took."""

    route: str
    requests: int
    p50: float
    "Seconds within which half of the requests were answered."
    p99: float
    "Seconds within which 99 of 100 requests were answered."


def latencies(families: Iterable[Metric]) -> list[Latency]:
    """Return the latencies of each route that was asked for, the route with the most requests first."""
    buckets: dict[str, dict[float, float]] = defaultdict(dict)
    for family in families:
        for sample in family.samples if family.name == NAME else ():
            if sample.name.endswith("_bucket"):
                buckets[sample.labels["route"]][float(sample.labels["le"])] = sample.value
    found = [
        Latency(route, int(counts[inf]), quantile(counts, 0.5), quantile(counts, 0.99))
        for route, counts in buckets.items()
        if counts.get(inf)
    ]
    return sorted(found, key=lambda one: (-one.requests, one.route))


def quantile(counts: dict[float, float], share: float) -> float:
    """Return the value below which a share of the observations lie, as Prometheus' histogram_quantile estimates it.

    `counts` are the observations up to each bound, with a bound of infinity. Inside a bucket they are taken to be
    spread evenly; beyond the largest finite bound the answer is that bound.
    """
    wanted, below, before = share * counts[inf], 0.0, 0.0
    for bound in sorted(counts):
        if counts[bound] >= wanted:
            inside = counts[bound] - before
            return below if bound == inf else below + (bound - below) * (wanted - before) / max(inside, 1e-9)
        below, before = bound, counts[bound]
    return below
