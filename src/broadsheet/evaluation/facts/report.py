"""The report of the fact gate: document, tables and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.facts.benchmark import (
    ABSTRACT,
    LEAD,
    MOST_PLANTS,
    OTHERWISE,
    SEEDS,
    UNSEEN,
    WRITTEN,
    Checked,
    GateFindings,
    is_reported,
    measure_gate,
)
from broadsheet.evaluation.facts.name_plants import KINDS
from broadsheet.evaluation.facts.rewordings import REWORDINGS
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import cell, notes
from broadsheet.evaluation.report.plots import plot_rows, plot_slices
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Interval, wilson
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

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


def measure_newsrooms(folders: Sequence[Path], say: Say) -> Report:
    """Plant errors in the half of each newsroom's articles that the gate was not developed on, and check summaries.

    Raises InputError if two folders have the same name, and so have the folders above.
    """
    findings = {}
    for name, folder in named_folders(folders).items():
        rows = read_table(Newsroom(folder).news, NEWS).to_pylist()
        findings[name] = measure_gate([row for row in rows if is_reported(row["news_id"])], say)
    return report_facts(describe_facts(findings))


def named_folders(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folders by their names, or by the names of the folders above too where two are alike."""
    named = {folder.absolute().name: folder for folder in folders}
    if len(named) < len(folders):
        named = {f"{folder.absolute().parent.name}/{folder.absolute().name}": folder for folder in folders}
    if len(named) < len(folders):
        raise InputError("newsrooms: found two folders of the same name, expected names that differ. Rename one.")
    return named


def describe_facts(findings: Mapping[str, GateFindings]) -> dict[str, Any]:
    """Return a document that JSON can hold of the findings by newsroom."""
    parts = ({ALL: _together(findings)} if len(findings) > 1 else {}) | dict(findings)
    return {
        "benchmark": "facts",
        **stamp(),
        "seeds": list(SEEDS),
        "most_plants": MOST_PLANTS,
        "intervals": INTERVALS,
        "sets": SETS,
        "notes": NOTES,
        "newsrooms": {name: _measure(found) for name, found in parts.items()},
    }


def _together(findings: Mapping[str, GateFindings]) -> GateFindings:
    return GateFindings(
        sum(found.articles for found in findings.values()),
        *(
            [_of(room, one) for room, found in findings.items() for one in getattr(found, name)]
            for name in ("untouched", "reworded", "planted")
        ),
    )


def _of(room: str, one: Checked) -> Checked:
    return Checked(f"{room}/{one.news_id}", one.group, one.condition, one.text, one.problems)


def _measure(found: GateFindings) -> dict[str, Any]:
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


def report_facts(document: Mapping[str, Any]) -> Report:
    """Return the document with the tables of every newsroom, and plots of the first, which is of all together."""
    lines: list[str] = []
    for name, part in document["newsrooms"].items():
        lines += [f"**{name}**: {part['articles']:,} articles.", ""]
        lines += [*_planted_lines(part["planted"]), ""]
        lines += [*_refused_lines("true summaries, untouched", part["untouched"]), ""]
        lines += [*_refused_lines("true rewordings", part["reworded"]), ""]
    lines += [
        f"Seeds {', '.join(map(str, document['seeds']))}; for each kind, seed and newsroom at most "
        f"{document['most_plants']} texts.",
        f"Intervals: {document['intervals']}.",
        "",
        *notes(document["sets"] | document["notes"]),
    ]
    return Report("facts", document, lines, _plots(next(iter(document["newsrooms"].values()))))


def _planted_lines(rows: Mapping[str, Any]) -> list[str]:
    head = ["error", "planted", "caught", f"share, {WRITTEN}", "planted", "caught", f"share, {OTHERWISE}"]
    return table(
        head,
        ([kind, *_counts(row[WRITTEN], "caught"), *_counts(row[OTHERWISE], "caught")] for kind, row in rows.items()),
    )


def _refused_lines(corner: str, rows: Mapping[str, Any]) -> list[str]:
    return table(
        [corner, "texts", "refused", "share", "for"],
        (
            [name, *_counts(row, "refused"), ", ".join(f"{kind} {count:,}" for kind, count in row["by_kind"].items())]
            for name, row in rows.items()
        ),
    )


def _counts(row: Mapping[str, Any], what: str) -> list[str]:
    """Return the cells of how many texts there are, how many are refused or caught, and the share of these."""
    return [f"{row['texts']:,}", f"{row.get(f'{what}_texts', 0):,}", cell(row[what])]


def _plots(part: Mapping[str, Any]) -> dict[str, Callable[[Path], None]]:
    conditions = (WRITTEN, OTHERWISE)
    caught = _rows(
        (kind, {f"caught, {name}": row[name]["caught"] for name in conditions}) for kind, row in part["planted"].items()
    )
    alarms = _rows((name, {"refused": row["refused"]}) for name, row in (part["untouched"] | part["reworded"]).items())
    refused = {"share refused": {"true texts": {name: values["refused"] for name, values in alarms.items()}}}
    return {
        "": lambda path: plot_rows(caught, "", "Planted errors that the gate refuses", path),
        "-alarms": lambda path: plot_slices(refused, "True texts that the gate refuses", path),
    }


def _rows(rows: Iterable[tuple[str, dict[str, Interval | None]]]) -> dict[str, dict[str, Interval]]:
    """Return the rows that have every share."""
    found: dict[str, dict[str, Interval]] = {}
    for name, values in rows:
        full = {metric: value for metric, value in values.items() if value}
        if len(full) == len(values):
            found[name] = full
    return found
