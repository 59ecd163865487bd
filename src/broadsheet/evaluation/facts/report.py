"""What the measurement of the fact gate found, as JSON, Markdown and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from broadsheet.evaluation.facts.benchmark import (
    ABSTRACT,
    LEAD,
    MOST_PLANTS,
    OTHERWISE,
    SEEDS,
    UNSEEN,
    WRITTEN,
    Checked,
    Findings,
)
from broadsheet.evaluation.facts.name_plants import KINDS
from broadsheet.evaluation.facts.rewordings import REWORDINGS
from broadsheet.evaluation.report.document import cell, stamp
from broadsheet.evaluation.report.plots import plot_rows, plot_slices
from broadsheet.metrics.intervals import Interval, wilson
from broadsheet.tables.files import replacing, write_json, write_text

ALL = "all"
INTERVALS = "95 %, Wilson (1927) over articles; an article with several texts of a kind counts once, by their mean"
_KINDS = (
    *("talk of the writer", "first person", "order of words", "order of names", "order of numbers", "order of dates"),
    *("negation added", "negation left out", "doubt left out", "who did it"),
)
"Kinds of refusal of more than a word."
SETS = {
    LEAD: "the whole sentences that the body begins with, three and 60 words at most, held against title, abstract and "
    "body",
    ABSTRACT: "held against title, abstract and body, as a draft is",
    UNSEEN: "held against title and body alone, where the body does not hold the abstract word for word: an editor's "
    "own words, often of facts that the body does not have",
}
NOTES = {
    "planted": "one error a summary, made by patterns and word lists that know nothing of the gate's parsing",
    "caught": "the gate refuses the summary with the error for a reason that it does not have without it",
    OTHERWISE: "the error is planted in a true summary that was reworded, in each way it has room for, and passed",
    "true rewordings": "changes that keep the meaning, outside quotations; what is refused of them is a false alarm",
}


def kind_of(problem: str) -> str:
    """Return the kind of a refusal, without its value: `name` of `name Arsenal`."""
    return next((kind for kind in _KINDS if problem.startswith(kind)), problem.split()[0])


def describe_facts(findings: Mapping[str, Findings], checkout: Path) -> dict[str, Any]:
    """Return a document that JSON can hold of the findings by newsroom; the commit named is that of `checkout`."""
    parts = ({ALL: _together(findings)} if len(findings) > 1 else {}) | dict(findings)
    return {
        "benchmark": "facts",
        **stamp(checkout),
        "seeds": list(SEEDS),
        "most_plants": MOST_PLANTS,
        "intervals": INTERVALS,
        "sets": SETS,
        "notes": NOTES,
        "newsrooms": {name: _measure(found) for name, found in parts.items()},
    }


def _together(findings: Mapping[str, Findings]) -> Findings:
    return Findings(
        sum(found.articles for found in findings.values()),
        *(
            [_of(room, one) for room, found in findings.items() for one in getattr(found, name)]
            for name in ("untouched", "reworded", "planted")
        ),
    )


def _of(room: str, one: Checked) -> Checked:
    return Checked(f"{room}/{one.news_id}", one.group, one.condition, one.text, one.problems)


def _measure(found: Findings) -> dict[str, Any]:
    return {
        "articles": found.articles,
        "planted": {
            kind: {
                condition: _share(
                    [one for one in found.planted if (one.group, one.condition) == (kind, condition)], "caught"
                )
                for condition in (WRITTEN, OTHERWISE)
            }
            for kind in KINDS
        },
        "untouched": {name: _share([one for one in found.untouched if one.group == name], "refused") for name in SETS},
        "reworded": {
            kind: _share([one for one in found.reworded if one.group == kind], "refused") for kind in REWORDINGS
        },
    }


def _share(checked: Sequence[Checked], name: str) -> dict[str, Any]:
    """Return how many texts the gate refuses, the share with its interval, and how many for each kind of refusal."""
    if not checked:
        return {"texts": 0, "articles": 0, name: None, "by_kind": {}}
    refused: dict[str, list[bool]] = {}
    for one in checked:
        refused.setdefault(one.news_id, []).append(bool(one.problems))
    kinds = Counter(kind for one in checked for kind in {kind_of(problem) for problem in one.problems})
    return {
        "texts": len(checked),
        "articles": len(refused),
        name: wilson({news_id: sum(values) / len(values) for news_id, values in refused.items()}),
        f"{name}_texts": sum(bool(one.problems) for one in checked),
        "by_kind": dict(kinds.most_common()),
    }


def facts_to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown tables with what was measured."""
    lines: list[str] = []
    for name, part in document["newsrooms"].items():
        lines += [f"**{name}**: {part['articles']:,} articles.", ""]
        lines += [*_planted_lines(part["planted"]), ""]
        lines += [*_refused_lines("true summaries, untouched", part["untouched"]), ""]
        lines += [*_refused_lines("true rewordings", part["reworded"]), ""]
    lines += [
        f"Seeds {', '.join(map(str, document['seeds']))}; for each kind, seed and newsroom at most "
        f"{document['most_plants']} texts.",
    ]
    lines += [f"Intervals: {document['intervals']}.", ""]
    return (
        "\n".join(lines + [f"- {name}: {note}." for name, note in (document["sets"] | document["notes"]).items()])
        + "\n"
    )


def _planted_lines(rows: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| error | planted | caught | share, {WRITTEN} | planted | caught | share, {OTHERWISE} |",
        "|---" * 7 + "|",
    ]
    for kind, row in rows.items():
        cells = [
            f"{found['texts']:,} | {found.get('caught_texts', 0):,} | {cell(found['caught'])}"
            for found in (row[WRITTEN], row[OTHERWISE])
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _refused_lines(corner: str, rows: Mapping[str, Any]) -> list[str]:
    lines = [f"| {corner} | texts | refused | share | for |", "|---" * 5 + "|"]
    for name, row in rows.items():
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in row["by_kind"].items())
        lines.append(
            f"| {name} | {row['texts']:,} | {row.get('refused_texts', 0):,} | {cell(row['refused'])} | {kinds} |"
        )
    return lines


def write_facts(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write facts.json, .md, .png and facts-alarms.png into a folder, each whole or not at all; return their paths."""
    paths = [out / name for name in ("facts.json", "facts.md", "facts.png", "facts-alarms.png")]
    write_json(paths[0], document)
    write_text(paths[1], facts_to_markdown(document))
    part = next(iter(document["newsrooms"].values()))
    conditions = (WRITTEN, OTHERWISE)
    caught = _rows(
        (kind, {f"caught, {name}": row[name]["caught"] for name in conditions}) for kind, row in part["planted"].items()
    )
    alarms = _rows((name, {"refused": row["refused"]}) for name, row in (part["untouched"] | part["reworded"]).items())
    with replacing(paths[2]) as file:
        plot_rows(caught, "", "Planted errors that the gate refuses", file)
    with replacing(paths[3]) as file:
        refused = {name: values["refused"] for name, values in alarms.items()}
        plot_slices({"share refused": {"true texts": refused}}, "True texts that the gate refuses", file)
    return paths


def _rows(rows: Iterable[tuple[str, dict[str, Interval | None]]]) -> dict[str, dict[str, Interval]]:
    """Return the rows that have every share."""
    found: dict[str, dict[str, Interval]] = {}
    for name, values in rows:
        full = {metric: value for metric, value in values.items() if value}
        if len(full) == len(values):
            found[name] = full
    return found
