"""The off-policy estimators beside those of sb-obp, on the same logs: 60,000 real rounds and synthetic pages."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.errors import InputError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin
from broadsheet.evaluation.speed.warm_process import start_first
from broadsheet.markdown import table
from broadsheet.offline.estimators import single, slates, weights
from broadsheet.progress import Say

LOGS = tuple(f"{log}, {campaign}" for log in ("random", "bts") for campaign in ("all", "men", "women"))
PAGES = tuple(f"pages, {structure}" for structure in ("independent", "cascade_additive", "standard_additive"))
TOLERANCE = 1e-9
MOST, STRENGTH, SHARE = 5.0, 10.0, 0.1
"""As the oracle's program has them: the bound of clipped and switched weights, of DRos, and of sub-Gaussian IPS."""

Arrays = Mapping[str, npt.NDArray[Any]]


def of_rounds(arrays: Arrays) -> dict[str, float]:
    """Return the estimates of single decisions from the oracle's arrays, by the estimator's name."""
    reward, action = arrays["reward"].astype(np.float64), arrays["action"]
    evaluation, logged = arrays["evaluation"], arrays["logged"]
    rounds, articles = evaluation.shape
    rows = np.arange(rounds)
    weight = evaluation[rows, action] / arrays["pscore"]
    predicted = arrays["predicted"][rows, action]
    expected = (evaluation * arrays["predicted"]).sum(axis=1) / evaluation.sum(axis=1)
    clusters = np.tile(arrays["cluster"], rounds)
    logged = logged / logged.sum(axis=1, keepdims=True)
    offsets = articles * np.arange(rounds + 1)
    marginal = weights.cluster_weights(evaluation.ravel(), logged.ravel(), clusters, offsets, action)
    model = reward, weight, predicted, expected
    terms = {
        "replay": single.replay(reward, arrays["best"][rows, action] == 1),
        "DM": single.direct_method(expected),
        "IPS": single.ips(reward, weight),
        "clipped IPS": single.clipped_ips(reward, weight, MOST),
        "SNIPS": single.snips(reward, weight),
        "sub-Gaussian IPS": single.sub_gaussian_ips(reward, weight, SHARE),
        "DR": single.dr(*model),
        "self-normalised DR": single.sndr(*model),
        "switch-DR": single.switch_dr(*model, MOST),
        "DRos": single.dros(*model, STRENGTH),
        "MIPS": single.mips(reward, marginal),
    }
    return {name: one.value for name, one in terms.items()}


def of_pages(arrays: Arrays) -> dict[str, float]:
    """Return the estimates of pages from the oracle's arrays, by the estimator's name."""
    reward, action = arrays["reward"].astype(np.float64), arrays["action"]
    present = np.ones(reward.shape, np.bool_)
    conditional, evaluated = _given_above(arrays["cascade"]), _given_above(arrays["evaluation_cascade"])
    above = slates.cascade_weights(evaluated, conditional)
    alone = slates.independent_weights(arrays["evaluation"], arrays["propensity"])
    predicted = np.take_along_axis(arrays["predicted"], action[:, :, None], axis=2)[:, :, 0]
    expected = (arrays["chances"] * arrays["predicted"]).sum(axis=2)
    terms = {
        "standard IPS": slates.slate_ips(reward, slates.page_weights(evaluated, conditional, present)),
        "IIPS": slates.slate_ips(reward, alone),
        "self-normalised IIPS": slates.slate_snips(reward, alone, present),
        "RIPS": slates.slate_ips(reward, above),
        "self-normalised RIPS": slates.slate_snips(reward, above, present),
        "cascade-DR": slates.cascade_dr(reward, above, predicted, expected),
    }
    return {name: one.value for name, one in terms.items()}


def _given_above(down_to: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the probabilities given the slots above, of the probabilities of all articles down to each slot."""
    return np.asarray(down_to / np.column_stack([np.ones(len(down_to)), down_to[:, :-1]]))


def compare_with_oracle(pythons: Sequence[str], worker: Path, say: Say) -> dict[str, Any]:
    """Return the document of all cases: both libraries' estimates, and how far they are apart at most.

    `pythons` are interpreters, of which one has sb-obp; `worker` is benchmarks/rows/off_policy.py. Raises InputError if
    none of them has it.
    """
    oracle = start_first(pythons, worker)
    if isinstance(oracle, str):
        raise InputError(f'--python: {oracle}. Install it in an environment of its own: pip install sb-obp "numpy<2".')
    cases: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in (*LOGS, *PAGES):
            file = Path(folder) / "arrays.npz"
            answer = oracle.ask(case=case, arrays=str(file))
            with np.load(file, allow_pickle=False) as arrays:
                ours = (of_pages if case in PAGES else of_rounds)({name: arrays[name] for name in arrays.files})
            cases[case] = {"rounds": answer["rounds"], "oracle": answer["values"], "ours": ours}
            say(f"{case}: {max(abs(ours[name] - value) for name, value in answer['values'].items()):.1e} apart at most")
    oracle.stop()
    return {**stamp(), "oracle": oracle.start["versions"]["sb-obp"], "cases": cases, "apart": _apart(cases)}


def _apart(cases: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the number of cases and the largest difference of each estimator."""
    found: dict[str, list[float]] = {}
    for case in cases.values():
        if case["ours"].keys() != case["oracle"].keys():
            raise InputError(f"estimators: found {[*case['oracle']]}, expected {[*case['ours']]}.")
        for name, value in case["oracle"].items():
            found.setdefault(name, []).append(abs(case["ours"][name] - value))
    return {name: {"cases": len(values), "largest_difference": max(values)} for name, values in found.items()}


def beyond_rounding(document: Mapping[str, Any]) -> bool:
    """Return whether an estimator is further from the oracle than TOLERANCE."""
    return not all(one["largest_difference"] <= TOLERANCE for one in document["apart"].values())


def report_oracle(document: Mapping[str, Any]) -> Report:
    """Return the document with its table."""
    rounds = sum(case["rounds"] for name, case in document["cases"].items() if name in LOGS)
    rows = (
        [name, one["cases"], f"{one['largest_difference']:.1e}", *_extremes(document["cases"], name)]
        for name, one in document["apart"].items()
    )
    lines = [
        f"Our estimators beside those of sb-obp {document['oracle']}: {rounds:,} real rounds in six logs of a shop "
        "(three campaigns, chosen at random and by Thompson sampling, each evaluated for the other policy), and "
        "pages that are made up.",
        "",
        *table(["estimator", "logs", "largest difference", "least value", "largest value"], rows),
        "",
        origin(document),
    ]
    return Report("estimators-oracle", document, lines, {})


def _extremes(cases: Mapping[str, Any], name: str) -> list[str]:
    values = [case["ours"][name] for case in cases.values() if name in case["ours"]]
    return [f"{min(values):.5f}", f"{max(values):.5f}"]
