import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.config.retrieval import SourceWeights
from broadsheet.errors import ModelError
from broadsheet.readers.state import reader_states
from broadsheet.tables.files import write_json
from broadsheet.tables.schemas import SOURCES
from broadsheet.training.source_weights import DEPTHS, GRID, Pool, make_pools, mean_recall, tune_sources
from broadsheet.workbench.source_weights import choose_weights
from tests.retrieval.sources.test_sources import of_all
from tests.support.stage_contract import NOON, users_table

EQUAL = dict.fromkeys(SOURCES, 1.0)


def pool(relevant, total=None, **scores):
    """A pool of 300 articles, of which the rows named are relevant; sources that are not named are absent."""
    absent = dict.fromkeys(SOURCES, np.full(300, np.nan))
    hits = np.isin(np.arange(300), relevant)
    return Pool(absent | scores, hits, len(relevant) if total is None else total)


FALLING, RISING = np.linspace(1, 0, 300), np.linspace(0, 1, 300)


def test_recall_is_the_mean_over_the_depths_of_hits_over_relevant_and_counts_what_is_not_in_the_pool():
    assert DEPTHS == (100, 200)
    one = pool([10, 150, 250], total=4, popularity=FALLING)
    assert one.recall({"popularity": 1.0}) == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert one.recall({"popularity": 0.0}) == one.recall({"popularity": 1.0}), "ties keep the pool's order"
    assert pool([], total=1).recall(EQUAL) == 0 == mean_recall([], EQUAL)


def test_a_pool_may_be_smaller_than_the_depths_or_empty():
    few = {name: np.array([0.1, 0.2]) for name in SOURCES}
    assert Pool(few, np.array([False, True]), 2).recall(EQUAL) == 0.5
    assert Pool({name: np.zeros(0) for name in SOURCES}, np.zeros(0, np.bool_), 1).recall(EQUAL) == 0


def test_the_source_that_finds_them_wins_over_the_one_that_misleads():
    pools = [pool([280 + number], two_tower=RISING, popularity=FALLING) for number in range(20)]
    weights = tune_sources(pools, {"two_tower": 0.5, "popularity": 1.0, "freshness": 0.1, "co_click": 0.5})
    assert mean_recall(pools, weights) == 1 and weights["two_tower"] > weights["popularity"]
    assert (weights["freshness"], weights["co_click"]) == (0.1, 0.5), "what finds nothing keeps its weight"


def test_weights_that_find_everything_stay():
    start = {"two_tower": 0.37, "popularity": 1.0, "freshness": 0.1, "co_click": 0.0}
    assert tune_sources([pool([1], popularity=FALLING)], start) == start
    assert tune_sources([], {"two_tower": 0.37}) == {
        "two_tower": 0.37,
        "popularity": 0.0,
        "freshness": 0.0,
        "co_click": 0.0,
    }


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_tuning_never_finds_less_than_before_and_always_the_same(seed):
    rng = np.random.default_rng(seed)
    pools = [pool(rng.choice(300, 3, replace=False), **{name: rng.random(300) for name in SOURCES}) for _ in range(5)]
    tuned = tune_sources(pools, EQUAL)
    assert mean_recall(pools, tuned) >= mean_recall(pools, EQUAL) and set(tuned.values()) <= {*GRID}
    assert tune_sources(pools, EQUAL) == tuned


def test_a_pool_holds_what_each_source_alone_proposes_with_the_scores_of_all():
    users = users_table({"user_id": "u", "history": ["N0"]}, {"user_id": "new"})
    readers = reader_states(users, of_all(weights=EQUAL).catalogue)
    reader, new = make_pools(lambda weights: of_all(weights=weights).stage, readers, NOON, [["N8", "GONE"], ["N0"]])
    retriever = of_all(weights=EQUAL, k=9)
    rows = retriever(users, retriever.vectors(users), NOON, k=9).to_pylist()
    for one, user_id, total in ((reader, "u", 2), (new, "new", 1)):
        expected = [row for row in rows if row["user_id"] == user_id]
        assert one.total == total and one.relevant.sum() == 1
        for name in SOURCES:
            known = sorted(row[name] for row in expected if row[name] is not None)
            found = one.scores[name][~np.isnan(one.scores[name])]
            assert len(one.relevant) >= len(known) and sorted(found)[-len(known) :] == pytest.approx(known, abs=1e-6)


def test_the_configs_weights_come_before_those_stored_and_these_before_the_defaults(tmp_path):
    defaults, stored = SourceWeights(), tmp_path / "sources.json"
    assert choose_weights(defaults, stored) == vars(defaults)
    tuned = {"two_tower": 0.75, "popularity": 1.0, "freshness": 0.0, "co_click": 2.0}
    write_json(stored, tuned)
    assert choose_weights(defaults, stored) == tuned
    assert choose_weights(SourceWeights(freshness=0.4), stored) == vars(SourceWeights(freshness=0.4))


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"two_tower": 1}', '{"two_tower": "x", "popularity": 1, "freshness": 0, "co_click": 0}',
     '{"two_tower": 1, "popularity": -1, "freshness": 0, "co_click": 0}',
     '{"two_tower": NaN, "popularity": 1, "freshness": 0, "co_click": 0}',
     '{"ann": 1, "trending": 1, "fresh": 0, "co_click": 0}'],
)  # fmt: skip
def test_a_stored_file_without_a_weight_for_each_source_is_refused_by_name(tmp_path, content):
    stored = tmp_path / "sources.json"
    stored.write_text(content)
    with pytest.raises(ModelError, match=r"sources\.json: .*Train the towers again"):
        choose_weights(SourceWeights(), stored)
