import logging

import numpy as np
import pytest

from broadsheet.rerank import Policy, Reranker
from broadsheet.rerank import signals as module
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, fit_fusion
from broadsheet.rerank.signals import FROM_CANDIDATES, SIGNALS, contributions, finite, fuse
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CANDIDATES
from tests.support.stage_contract import OfTables, catalogue_of, users_table

EQUAL = dict.fromkeys(SIGNALS, 1.0)
BROKEN = [np.inf, -np.inf, np.nan]


@pytest.fixture
def warnings(caplog):
    """Returns what was logged, in a process that had said nothing yet."""
    module._warn.cache_clear()
    caplog.set_level(logging.WARNING)
    return lambda: caplog.messages


@pytest.fixture(scope="module")
def learned():
    """A fusion of all signals but affinity, which only takes sides by articles' categories."""
    names = [name for name in SIGNALS if name != "affinity"]
    draw = np.random.default_rng(0)
    signals = {name: draw.random(800) for name in SIGNALS}
    mixture = np.sum([signals[name] for name in names], axis=0).reshape(200, 4)
    clicked = mixture == mixture.max(axis=1, keepdims=True)
    return fit_fusion(Lists(signals, clicked.ravel(), np.full(200, 4)), names, FusionRecipe())


def rank(name, value, fusion):
    """The ranking of three articles, of which the second has this value of one signal."""
    rows = [
        {"user_id": "u", "news_id": f"N{number}", "rank": number, "score": 0.0, "fused": 0.0}
        | dict.fromkeys(FROM_CANDIDATES, 0.2 * number)
        for number in (1, 2, 3)
    ]
    relevance = np.array([0.2, 0.4, 0.6], np.float32)
    if name == "relevance":
        relevance[1] = np.nan if value is None else value
    else:
        rows[1][name] = value
    settings = {
        "depth": 10,
        "reads": 10,
        "history": 5,
        "headlines": 1,
        "policy": Policy(),
        "weights": EQUAL,
        "fusion": fusion,
    }
    catalogue = catalogue_of(np.eye(4))
    reranker = OfTables(Reranker(catalogue, lambda pairs: relevance, **settings), catalogue)
    users, candidates = users_table({"user_id": "u", "history": ["N0"]}), from_rows(rows, CANDIDATES)
    return reranker(users, candidates).sort_by("news_id")


@pytest.mark.parametrize("value", BROKEN)
@pytest.mark.parametrize("name", ["relevance", *FROM_CANDIDATES])
@pytest.mark.parametrize("by", ["weights", "learned fusion"])
def test_a_value_that_is_not_finite_counts_as_absent(name, value, by, learned, warnings):
    fusion = learned if by == "learned fusion" else None
    found, absent = rank(name, value, fusion), rank(name, None, fusion)
    assert found.equals(absent) and found[name].null_count == 1
    assert np.isfinite(found["fused"].to_numpy()).all()


@pytest.mark.parametrize("name", ["relevance", "two_tower"])
def test_it_is_said_once_and_an_absent_value_is_not_spoken_of(name, warnings):
    rank("two_tower", None, None)  # retrieval knew nothing of it
    assert not warnings()
    rank(name, np.inf, None)
    rank(name, -np.inf, None)
    (said,) = warnings()
    assert said.startswith(f"Signal {name}: found values that are infinite or not a number; they count as absent")


def test_values_that_are_not_finite_become_nan_and_others_stay(warnings):
    values = np.array([1.0, np.inf, -np.inf, np.nan, -0.5])
    np.testing.assert_array_equal(finite("two_tower", values), [1.0, np.nan, np.nan, np.nan, -0.5])
    assert finite("two_tower", np.zeros(0)).shape == (0,) and len(warnings()) == 1


@pytest.mark.parametrize("by", ["weights", "learned fusion"])
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("constant", [np.nan, 0.25])
def test_where_a_signal_is_absent_or_the_same_for_all_the_others_rank(by, name, constant, learned):
    others = {other: np.array([0.1, 0.5, 0.9]) for other in SIGNALS}
    signals = others | {name: np.full(3, constant)}
    scores = fuse(signals, EQUAL) if by == "weights" else learned(signals)
    parts = contributions(signals, EQUAL) if by == "weights" else learned.contributions(signals, [3])
    assert np.isfinite(scores).all() and scores.argsort().tolist() == [0, 1, 2]
    if by == "weights":
        assert parts[name].tolist() == pytest.approx([0, 0, 0], abs=1e-15)
    assert all(np.isfinite(part).all() for part in parts.values())
