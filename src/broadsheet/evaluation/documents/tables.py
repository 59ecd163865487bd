"""The tables of the documents that the results give whole, by the names that their markers use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from broadsheet.evaluation.documents.results import Results
from broadsheet.evaluation.report.lines import cell
from broadsheet.evaluation.speed.readers_report import readers_lines
from broadsheet.evaluation.systems.scale import Assumptions, extrapolation, read_measured
from broadsheet.markdown import table

ONE_PART = ("signal ", "learned fusion without ")
"""Beginnings of rows on one signal, which stand in the benchmark's own table alone."""
FUSION = "learned fusion"
HEADLINES = ("lead sentence", "TextRank", "SmolLM2 greedy", "ours, not fine-tuned", "ours")
POLICIES = (
    "score alone",
    "category cap 2",
    "category cap 3",
    "diversity 0.5 alone",
    "calibration 0.1 alone",
    "the newsroom's policy",
)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _intervals(corner: str, rows: Mapping[str, Any], metrics: Mapping[str, str]) -> str:
    """Return a table of means with their intervals; `metrics` are their names and the heads of their columns."""
    shown = {name: row for name, row in rows.items() if not name.startswith(ONE_PART)}
    cells = ([name, *(cell(row[metric]) for metric in metrics)] for name, row in shown.items())
    return _text(table([corner, *metrics.values()], cells))


def rankers(results: Results) -> str:
    """Return AUC and nDCG@10 on MIND's validation day, ours beside rankers of other authors."""
    return _intervals("ranking", results.find("rankers-valid/rows"), {"auc": "AUC", "ndcg@10": "nDCG@10"})


def learning_curve(results: Results) -> str:
    """Return the AUC that is reached with each share of the clicks."""
    found = results.document("learning-curve-valid")
    clicks = found["clicks"]
    cells = [[row, *(cell(shares[share]["auc"]) for share in clicks)] for row, shares in found["rows"].items()]
    return _text(table(["AUC", *(f"{count:,} clicks" for count in clicks.values())], cells))


def retrieval(results: Results) -> str:
    """Return recall of the retrieved lists, live, and how the fused sources differ from the best single source."""
    found = results.document("retrieval-valid-live")
    metrics = {"recall@100": "Recall@100", "recall@200": "Recall@200"}
    lines = _intervals("retrieval, live, whole catalogue", found["rows"], metrics)
    pairs = (name for name in found["rows"] if name.startswith("fusion, "))
    return lines + _text(
        [f"| {' | '.join(_minus(found['differences'], name, 'source popularity', metrics))} |" for name in pairs]
    )


def _minus(differences: Sequence[Mapping[str, Any]], ours: str, other: str, metrics: Iterable[str]) -> list[str]:
    of = {one["metric"]: one for one in differences if one["of"] == ours and one["minus"] == other}
    return [f"{ours} - {other}", *(cell(of[metric], "+") for metric in metrics)]


def headlines(results: Results) -> str:
    """Return how the headlines of held-out articles compare with the publishers' titles."""
    rows = results.find("generation/jobs/headline/rows")
    cells = (
        [
            name,
            cell(rows[name]["ROUGE-L"]),
            cell(rows[name]["similarity"]),
            f"{rows[name]['facts']['mean']:.2f}",
            f"{rows[name]['words']['mean']:.1f}",
        ]
        for name in HEADLINES
    )
    return _text(table(["headline", "ROUGE-L", "similarity", "facts", "words"], cells))


def drops(results: Results) -> str:
    """Return how far a score falls without an article of the history, by the weights and by the learned fusion."""
    scorings = results.find("reasons-valid/scorings")
    weights, fusion = (scorings[name]["slices"]["all"]["rows"] for name in ("weights", "learned fusion"))
    cells = ([name, cell(weights[name]["drop"]), cell(fusion[name]["drop"])] for name in weights)
    return _text(table(["without", "by weights", "by the learned fusion"], cells))


def live_ranking(results: Results) -> str:
    """Return the AUC of each row of the ranking in real time at each delay, and how far the fusion is ahead."""
    found = results.document("live-ranking-validation")
    rows, delays = found["rows"], [*found["rows"]]
    cells = [[row, *(f"{rows[delay][row]['auc']['mean']:.4f}" for delay in delays)] for row in rows[delays[0]]]
    ahead = {
        (one["minus"], delay): one for delay in delays for one in found["differences"][delay] if one["metric"] == "auc"
    }
    cells += [
        [f"{FUSION} - {row}", *(cell(ahead[row, delay], "+") for delay in delays)]
        for row in rows[delays[0]]
        if row != FUSION
    ]
    return _text(table(["AUC", *delays], cells))


def policies(results: Results) -> str:
    """Return what some policies of the page cost in nDCG and gain in variety."""
    rows = results.find("diversity-valid/rows")
    metrics = ("ndcg@10", "ndcg@5", "distance@5", "miscalibration@5")
    cells = ([name, *(f"{rows[name][metric]['mean']:.4f}" for metric in metrics)] for name in POLICIES)
    return _text(table(["policy", "nDCG@10", "nDCG@5", "distance@5", "miscalibration@5"], cells))


def engines(results: Results) -> str:
    """Return the report of the benchmark of engines as it was published."""
    return (results.folder / "engines.md").read_text("utf-8")


def scale(results: Results) -> str:
    """Return what larger newsrooms would cost, by the default assumptions."""
    return extrapolation(Assumptions(), read_measured(results.folder))


def readers(results: Results) -> str:
    """Return how many readers a second are ranked, and what a million readers would take."""
    return _text(readers_lines(results.document("readers")))


def estimators(results: Results) -> str:
    """Return how often the intervals of the off-policy estimators hold the true value, by the size of the log."""
    found = results.document("estimators")
    sizes = [str(size) for size in found["sizes"]]
    head = ["logs", "estimator", f"bias, {int(sizes[-1]):,} rounds", *(f"covered, {int(size):,}" for size in sizes)]
    cells = (
        [group, name, f"{rows[sizes[-1]]['bias']:+.1%}", *(f"{rows[size]['coverage']:.1%}" for size in sizes)]
        for group, part in found["groups"].items()
        for name, rows in part["rows"].items()
    )
    return _text(table(head, cells))


def files(results: Results) -> str:
    """Return every file of results with its day, commit and command, in the order of their names."""
    names = sorted(path.stem for path in results.folder.glob("*.json"))
    cells = ([f"[{name}](results/{name}.json)", *_made(results.document(name))] for name in names)
    return _text(table(["file", "day", "commit", "command"], cells))


def _made(document: Mapping[str, Any]) -> list[str]:
    commit = f"{document['commit'][:7]}{' and changes' if document['commit'].endswith('changes') else ''}"
    return [document["date"][:10], commit, f"`{document['command']}`"]


TABLES: dict[str, Callable[[Results], str]] = {
    "rankers": rankers,
    "learning curve": learning_curve,
    "retrieval": retrieval,
    "headlines": headlines,
    "drops": drops,
    "live ranking": live_ranking,
    "policies": policies,
    "engines": engines,
    "scale": scale,
    "readers": readers,
    "estimators": estimators,
    "results": files,
}
"""What writes each table, by the name in its marker."""
