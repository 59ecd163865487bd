import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from broadsheet.rerank.block import mean_of
from broadsheet.rerank.signals import COMPUTED, FROM_CANDIDATES, SIGNALS, contributions, fuse, share_of_history

NAN = np.nan
WEIGHTS = {
    "relevance": 1.0,
    "attention": 0.0,
    "two_tower": 0.5,
    "popularity": 0.0,
    "click_rate": 0.0,
    "trend": 0.0,
    "co_click": 0.0,
    "freshness": 0.25,
    "unseen": 0.0,
    "affinity": 0.25,
    "subcategory_affinity": 0.0,
    "source_affinity": 0.0,
}
HAND = {
    "relevance": np.array([0.8, 0.2]),
    "attention": np.array([NAN, NAN]),
    "two_tower": np.array([0.4, NAN]),
    "popularity": np.array([1.0, 0.0]),
    "click_rate": np.array([NAN, NAN]),
    "trend": np.array([NAN, NAN]),
    "co_click": np.array([NAN, NAN]),
    "freshness": np.array([NAN, NAN]),
    "unseen": np.array([NAN, NAN]),
    "affinity": np.array([0.0, 1.0]),
    "subcategory_affinity": np.array([NAN, NAN]),
    "source_affinity": np.array([NAN, NAN]),
}


def values(count):
    return arrays(np.float64, count, elements=st.floats(-1, 1) | st.sampled_from([NAN, np.inf, -np.inf]))


def test_a_score_is_the_weighted_sum_over_all_weights_and_an_absent_signal_adds_nothing():
    # (0.8 + 0.5 * 0.4) / 2 and (0.2 + 0.25) / 2
    assert fuse(HAND, WEIGHTS).tolist() == pytest.approx([0.5, 0.225])


def test_contributions_are_what_lies_beyond_the_average_candidate():
    parts = contributions(HAND, WEIGHTS)
    assert list(parts) == list(SIGNALS)
    assert parts["relevance"].tolist() == pytest.approx([0.15, -0.15])  # 0.8 and 0.2 less 0.5, over 2
    assert parts["two_tower"].tolist() == pytest.approx([0.05, -0.05])
    assert parts["affinity"].tolist() == pytest.approx([-0.0625, 0.0625])
    assert parts["popularity"].tolist() == parts["freshness"].tolist() == [0, 0]


@given(st.integers(1, 6).flatmap(lambda count: st.fixed_dictionaries({name: values(count) for name in SIGNALS})))
def test_contributions_sum_to_the_score_less_the_mean_score(signals):
    scores = fuse(signals, WEIGHTS)
    assert sum(contributions(signals, WEIGHTS).values()) == pytest.approx(scores - scores.mean(), abs=1e-9)


def test_what_is_infinite_adds_nothing_as_what_is_absent():
    endless = HAND | {"relevance": np.array([np.inf, -np.inf])}
    absent = HAND | {"relevance": np.array([NAN, NAN])}
    assert fuse(endless, WEIGHTS).tolist() == fuse(absent, WEIGHTS).tolist() == pytest.approx([0.1, 0.125])
    assert contributions(endless, WEIGHTS)["relevance"].tolist() == [0, 0]


def test_without_any_weight_all_scores_are_0():
    nothing = dict.fromkeys(SIGNALS, 0.0)
    assert fuse(HAND, nothing).tolist() == [0, 0]
    assert not any(values.any() for values in contributions(HAND, nothing).values())


def test_no_candidates_have_no_scores():
    signals = {name: np.zeros(0) for name in SIGNALS}
    assert fuse(signals, WEIGHTS).tolist() == []
    assert all(not len(values) for values in contributions(signals, WEIGHTS).values())


def test_affinity_is_the_share_of_the_history_in_a_category():
    sports, science, politics, unknown = 0, 1, 2, -1
    history = np.array([[sports, sports, unknown, science, sports], [science, unknown, unknown, unknown, unknown]])
    found = share_of_history(history, np.array([[sports, science, politics, unknown]] * 2))
    worth = np.array([[2, 0, 9, 1, 1], [4, 0, 0, 0, 0]], np.float64)
    weighed = share_of_history(history, np.array([[sports, science, politics, unknown]] * 2), worth)
    assert weighed[:, :3].tolist() == [[0.75, 0.25, 0], [0, 1, 0]] and np.isnan(weighed[:, 3]).all()
    assert np.isnan(share_of_history(history[1:], history[1:], np.zeros((1, 5)))).all()
    assert found[:, :3].tolist() == [[0.75, 0.25, 0], [0, 1, 0]] and np.isnan(found[:, 3]).all()


@pytest.mark.parametrize("history", [[], [-1, -1]])
def test_affinity_is_unknown_where_the_history_has_no_category(history):
    assert np.isnan(share_of_history(np.array([history], np.int64), np.array([[0, -1]]))).tolist() == [[True, True]]


def test_each_reader_may_have_weights_of_their_own():
    both = {name: np.stack([values, values]) for name, values in HAND.items()}
    weights = {name: np.array([[weight], [float(name == "affinity")]]) for name, weight in WEIGHTS.items()}
    assert fuse(both, weights).tolist() == [fuse(HAND, WEIGHTS).tolist(), [0.0, 1.0]]
    assert contributions(both, weights)["affinity"].tolist() == [[-0.0625, 0.0625], [-0.5, 0.5]]


def test_a_mean_is_of_the_candidates_that_are_there():
    there = np.array([[True, True, False], [True, False, False], [False, False, False]])
    assert mean_of(np.array([[1.0, 2, 99], [3, 99, 99], [9, 9, 9]]), there).tolist() == [[1.5], [3], [0]]


def test_every_signal_comes_from_retrieval_from_a_trained_model_or_is_computed_here():
    assert sorted([*FROM_CANDIDATES, *COMPUTED, "relevance", "attention"]) == sorted(SIGNALS)


@pytest.mark.parametrize("name", COMPUTED)
def test_a_new_signal_touches_its_schema_its_setting_its_function_and_its_sentences_alone(name):
    """No other module of the package names such a signal: the others go by the schema's names."""
    root = Path(__file__).resolve().parents[2]
    folders = ("src", "retrieval", "index_build", "rerank", "generate")
    modules = [path for folder in folders for path in (root / folder).rglob("*.py")]
    named = {path.relative_to(root).as_posix() for path in modules if name in names_in(path)}
    # Tries weights; and simulates some of the signals. A signal that these do not name keeps its own weight.
    named -= {f"src/broadsheet/evaluation/{name}.py" for name in ("ranking/weights", "simulation/lists")}
    files = ("src/broadsheet/tables/schemas.py", "src/broadsheet/config/rerank.py")
    assert named == {*files, "rerank/signals.py", "rerank/reasons/sentences.py"}


def names_in(path):
    """Every name, attribute and text that a module's code has."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    found = {node.value for node in nodes if isinstance(node, ast.Constant)}
    found |= {getattr(node, "id", None) for node in nodes} | {getattr(node, "attr", None) for node in nodes}
    return found | {node.arg for node in nodes if isinstance(node, ast.keyword)}
