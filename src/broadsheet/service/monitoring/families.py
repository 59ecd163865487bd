"""Metrics that are read at the moment of a scrape, as Prometheus' client writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


def gauge(name: str, said: str, value: float | None) -> Iterable[Metric]:
    """Yield a metric with one value; nothing where the value is not known."""
    if value is not None:
        yield GaugeMetricFamily(name, said, value)


def gauges(name: str, said: str, label: str, values: Mapping[str, float]) -> Iterable[Metric]:
    """Yield a metric with a value for each value of its label."""
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    yield family


def info(name: str, said: str, **labels: str) -> Iterable[Metric]:
    """Yield a metric whose value is always 1 and whose labels say what there is."""
    family = GaugeMetricFamily(name, said, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    yield family


def counter(name: str, said: str, value: float) -> Iterable[Metric]:
    """Yield a metric that only rises; `name` ends in _total."""
    yield CounterMetricFamily(name.removesuffix("_total"), said, value)
