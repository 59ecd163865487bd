"""Lines of Markdown that reports share: means with their intervals, differences, notes, and what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from broadsheet.markdown import table
from broadsheet.metrics.intervals import Interval


def cell(value: Mapping[str, float] | None, sign: str = "") -> str:
    """Return a mean with its interval, such as `0.5000 [0.4000, 0.6000]`; empty if there is no value."""
    return f"{value['mean']:{sign}.4f} [{value['low']:{sign}.4f}, {value['high']:{sign}.4f}]" if value else ""


def table_of_means(corner: str, rows: Mapping[str, Mapping[str, Interval]], metrics: Sequence[str]) -> list[str]:
    """Return a table of means with their intervals: a line for each row, a column for each metric."""
    return table([corner, *metrics], ([row, *(cell(values.get(m)) for m in metrics)] for row, values in rows.items()))


def table_of_differences(differences: Sequence[Mapping[str, Any]], **columns: str) -> list[str]:
    """Return a table of paired differences.

    `columns` are further columns before the others: keys of a difference, each with the column's head.
    """
    head = [*columns.values(), "difference", "metric", "mean [95 % interval]", "p, Holm"]
    rows = (
        [
            *(one[key] for key in columns),
            f"{one['of']} - {one['minus']}",
            one["metric"],
            cell(one, "+"),
            f"{one['p_holm']:.4f}",
        ]
        for one in differences
    )
    return table(head, rows)


def notes(*explained: Mapping[str, str]) -> list[str]:
    """Return a list with a point for each name and its explanation."""
    return [f"- {name}: {text}." for part in explained for name, text in part.items()]


def origin(document: Mapping[str, Any]) -> str:
    """Return the sentence on machine, commit and date that ends a report."""
    machine = document["machine"]
    return f"{machine['processor']}, {machine['cores']} cores; commit {document['commit'][:12]}, {document['date']}."


def about(document: Mapping[str, Any]) -> list[str]:
    """Return sentences on the data, the intervals and the models of a split's report."""
    data, models = document["data"], document["models"]
    lines = [
        f"Split `{data['split']}`: {data['impressions_measured']:,} impressions of {data['users']:,} readers measured, "
        f"of {data['impressions']:,} imported; text for {_share(data, 'shown')} of what was shown and "
        f"{_share(data, 'clicks')} of the clicks; {data['articles']:,} articles.",
        f"Intervals: {document['intervals']}.",
        f"Encoder {models['encoder']} ({models['news_tower']})"
        + (f", cross-encoder {models['cross_encoder']}." if models.get("cross_encoder") else "."),
    ]
    for what, trained in (("towers", models["towers"]), ("cross-encoders", models.get("cross_encoders", ()))):
        if seeds := Counter(one["label"] for one in trained):
            named = [f"{label} ({count} {'seed' if count == 1 else 'seeds'})" for label, count in seeds.items()]
            lines.append(f"Trained {what}: {', '.join(named)}.")
    for name, file in document.get("inputs", {}).get("files", {}).items():
        lines.append(f"Input {name}: {file['rows']:,} rows, SHA-256 {file['sha256']}.")
    return [*lines, *document["remarks"]]


def _share(data: Mapping[str, Any], what: str) -> str:
    return f"{data[f'{what}_with_text']:,} of {data[what]:,} ({data[f'{what}_with_text'] / max(data[what], 1):.1%})"
