"""A log of 4 articles, the first three of one cluster, whose policies and rewards are known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators import evaluate, read_decisions, read_pages
from broadsheet.offline.estimators.evaluation import as_document

LOGGED, EVALUATED = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
RATES = np.array([0.5, 0.3, 0.2, 0.1])
VALUE = float(EVALUATED @ RATES)  # 0.34; the log earns 0.21


def rows(count, *, candidates=True, seed=0, logged=LOGGED):
    rng = np.random.default_rng(seed)
    shown = rng.choice(4, count, p=logged)
    table = {
        "reward": (rng.random(count) < RATES[shown]).astype(float),
        "propensity": logged[shown],
        "evaluation": EVALUATED[shown],
        "user_id": rng.integers(0, count // 2, count),
    }
    if candidates:
        table |= {
            "news_id": [f"N{one}" for one in shown],
            "candidates": [["N0", "N1", "N2", "N3"]] * count,
            "candidate_evaluation": [EVALUATED.tolist()] * count,
            "candidate_propensity": [logged.tolist()] * count,
            "candidate_clusters": [[0, 0, 0, 1]] * count,
        }
    return table


def test_every_estimator_comes_near_the_true_value_and_its_interval_holds_it():
    found = evaluate(read_decisions(rows(4000)))
    assert {*found.left_out} == {"replay"}
    assert len(found.rows) == 10
    unbiased = {name: row for name, row in found.rows.items() if name != "MIPS"}
    assert all(row.value == pytest.approx(VALUE, abs=0.03) for row in unbiased.values())
    assert all(row.interval.low <= VALUE <= row.interval.high for row in unbiased.values())
    assert found.anytime["IPS"].low <= VALUE <= found.anytime["IPS"].high
    assert found.logged == pytest.approx(0.21, abs=0.03)
    assert found.overlap == 1


def test_a_model_makes_the_interval_narrower_and_the_effective_size_is_of_the_weights():
    found = evaluate(read_decisions(rows(4000)))
    width = {name: row.interval.high - row.interval.low for name, row in found.rows.items()}
    assert width["DR"] < width["IPS"]
    assert found.rows["IPS"].effective_size == pytest.approx(4000 / (EVALUATED**2 / LOGGED).sum(), rel=0.1)


def test_the_difference_from_the_log_is_known_better_than_the_value():
    row = evaluate(read_decisions(rows(4000))).rows["self-normalised DR"]
    assert row.difference == pytest.approx(VALUE - 0.21, abs=0.03)
    assert 0 < row.difference_interval.low < row.difference < row.difference_interval.high


def test_without_candidates_there_is_no_model_and_it_says_so():
    found = evaluate(read_decisions(rows(4000, candidates=False)))
    assert {*found.rows} == {"IPS", "clipped IPS", "SNIPS", "sub-Gaussian IPS"}
    assert found.left_out["DR"].startswith("needs the articles that each round chose among")
    assert found.overlap is None


def test_the_direct_method_spans_the_interval_of_dr_which_has_no_models_bias():
    log = read_decisions(rows(4000))
    wrong = evaluate(replace(log, predicted=(np.full(4000, 0.9), np.full(4000, 0.9)))).rows
    assert wrong["DM"].value == pytest.approx(0.9)
    assert wrong["DM"].interval.low == wrong["DR"].interval.low <= VALUE


def test_bounded_weights_widen_the_interval_by_what_they_may_have_lost():
    log = read_decisions(rows(4000))
    heavy = replace(log, propensity=log.propensity / 50, evaluation=log.evaluation / 50, candidates=None)
    assert evaluate(heavy).rows["clipped IPS"].interval == pytest.approx(evaluate(heavy).rows["IPS"].interval)
    few = read_decisions(rows(200, candidates=False))
    lost = few.weight.mean() < 1
    row = evaluate(few).rows["sub-Gaussian IPS"]
    assert lost or row.interval.high > row.value


def test_replay_is_for_logs_of_uniform_choices():
    count, rng = 2000, np.random.default_rng(1)
    shown = rng.integers(0, 4, count)
    table = {
        "reward": (rng.random(count) < RATES[shown]).astype(float),
        "propensity": np.full(count, 0.25),
        "evaluation": (shown == 0).astype(float),
    }
    found = evaluate(read_decisions(table))
    assert found.rows["replay"].value == pytest.approx(0.5, abs=0.06)
    assert found.rows["replay"].value == pytest.approx(found.rows["SNIPS"].value)


def test_a_policy_of_articles_that_the_log_never_shows_is_refused():
    table = rows(1000, logged=np.array([0.0, 0.3, 0.3, 0.4]))
    with pytest.raises(
        InputError, match=r"log: 40\.0% of the policy's choices are articles that the log's policy never"
    ):
        evaluate(read_decisions(table))


def test_pages_leave_out_the_estimators_that_the_log_is_too_small_for():
    count, slots, rng = 400, 8, np.random.default_rng(2)
    shown = rng.choice(4, (count, slots), p=LOGGED)
    table = {
        "page_id": np.repeat(np.arange(count), slots),
        "slot": np.tile(np.arange(1, slots + 1), count),
        "reward": (rng.random((count, slots)) < RATES[shown]).ravel() * 1.0,
    }
    for names, chances in (
        (("propensity", "conditional"), LOGGED),
        (("evaluation", "evaluation_conditional"), EVALUATED),
    ):
        table |= dict.fromkeys(names, chances[shown].ravel())
    found = evaluate(read_pages(table))
    assert "standard IPS" in found.left_out and found.left_out["standard IPS"].startswith("the log is worth")
    assert found.left_out["cascade-DR"].startswith("needs a reward model's columns")
    assert found.rows["self-normalised IIPS"].value == pytest.approx(8 * VALUE, abs=0.25)
    assert found.rows["IIPS"].interval.low <= 8 * VALUE <= found.rows["IIPS"].interval.high


def test_the_document_is_plain_json():
    document = as_document(evaluate(read_decisions(rows(500))))
    assert json.loads(json.dumps(document)) == document
    assert document["rows"]["IPS"]["low"] < document["rows"]["IPS"]["value"] < document["rows"]["IPS"]["high"]
