"""The report of a policy that was evaluated on a log: each estimator's value and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import plot_rows
from broadsheet.markdown import table
from broadsheet.offline.estimators import Evaluation
from broadsheet.offline.estimators.evaluation import as_document

LOG = "the log"
_NOTES = (
    "- value: what the policy would have earned a round, or a page; interval: 95 %, by reader.",
    "- gain: value less what the log earned. If its interval is above 0, the policy is better than the log's.",
    "- worth: how many rounds with equal weights would say as much.",
)

ASSUMED = {
    "DM": "the value is as good as the reward model; the interval includes that of DR, which corrects the model",
    "MIPS": "true if readers click the articles of a cluster alike; the interval does not know of any difference",
    "IIPS": "true if clicks on a slot do not depend on the other slots; the interval does not know of it",
}


def report_policy(name: str, found: Evaluation, remarks: Sequence[str] = ()) -> Report:
    """Return an evaluation as a report; `name` is the policy's, and `remarks` are sentences on its log."""
    document = {"policy": name, "remarks": list(remarks), **as_document(found)}
    return Report(f"policy-{name}", document, _lines(document), {"": partial(_plot, document)})


def _lines(document: Mapping[str, Any]) -> list[str]:
    logged = document["logged"]
    lines = [
        f"## Policy {document['policy']}",
        "",
        f"{document['rounds']:,} rounds of {document['readers']:,} readers. The log earned {logged['mean']:.4f} "
        f"[{logged['low']:.4f}, {logged['high']:.4f}] a round.",
    ]
    if document["overlap"] is not None:
        lines.append(f"The log could have made {document['overlap']:.2%} of the policy's choices.")
    lines += [*document["remarks"], ""]
    rows = (
        [
            name,
            f"{one['value']:.4f}",
            f"[{one['low']:.4f}, {one['high']:.4f}]",
            f"{one['difference']:+.4f} [{one['difference_low']:+.4f}, {one['difference_high']:+.4f}]",
            f"{one['effective_size']:,.0f}",
        ]
        for name, one in document["rows"].items()
    )
    lines += [*table(["estimator", "value", "interval", "gain", "worth"], rows), ""]
    for name, one in document["anytime"].items():
        lines.append(f"- {name}, however often you look: [{one['low']:.4f}, {one['high']:.4f}].")
    lines += [f"- {name}: left out, {why.rstrip('.')}." for name, why in document["left_out"].items()]
    lines += [f"- {name}: {what}." for name, what in ASSUMED.items() if name in document["rows"]]
    return [*lines, *_NOTES]


def _plot(document: Mapping[str, Any], path: Any) -> None:  # noqa: ANN401
    """Draw the value of each estimator with its interval, and what the log earned, as PNG."""
    logged = {"mean": document["logged"]["mean"], **{end: document["logged"][end] for end in ("low", "high")}}
    rows = {LOG: {"value": logged}}
    rows |= {
        name: {"value": {"mean": one["value"], "low": one["low"], "high": one["high"]}}
        for name, one in document["rows"].items()
    }
    plot_rows(rows, LOG, f"Policy {document['policy']}", path)
