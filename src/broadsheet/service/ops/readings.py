"""The service's metrics as the operator's pages read them, so that pages and scrapes say the same numbers."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric


class Readings:
    """The samples of one moment, by name and labels."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = list(families)
        self._values: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
        for family in self.families:
            for sample in family.samples:
                self._values.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value

    def of(self, name: str, **labels: str) -> float | None:
        """Return the value of the sample `broadsheet_` + name with exactly these labels; None if there is none."""
        return self._values.get(f"broadsheet_{name}", {}).get(frozenset(labels.items()))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of all samples `broadsheet_` + name with these labels among their own."""
        wanted = set(labels.items())
        found = self._values.get(f"broadsheet_{name}", {})
        return sum(value for own, value in found.items() if wanted <= own)

    def parts(self, name: str, label: str) -> dict[str, float]:
        """Return the sample `broadsheet_` + name of each value of its one label, the largest first."""
        found = self._values.get(f"broadsheet_{name}", {}).items()
        return dict(sorted(((dict(own)[label], value) for own, value in found), key=lambda one: -one[1]))

    def process(self, name: str) -> float | None:
        """Return the value of the sample `process_` + name, which has no labels."""
        return self._values.get(f"process_{name}", {}).get(frozenset())
