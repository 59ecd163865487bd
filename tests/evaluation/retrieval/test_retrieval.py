from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.corpus.impressions import read_split
from broadsheet.corpus.same_text import SameTexts
from broadsheet.evaluation.retrieval.benchmark import BM25, CATALOGUE, POOL, index_recall, measure_retrieval
from broadsheet.evaluation.retrieval.lists import DEPTH, Bm25, RetrievedLists, ScoredLists, best_rows
from broadsheet.evaluation.retrieval.measure import make_targets, measure
from broadsheet.evaluation.settings import content_only
from broadsheet.offline.replay import POPULARITY, RANDOM, UNTRAINED
from broadsheet.offline.workbenches import open_bench
from broadsheet.retrieval import interest_vectors
from tests.support.evaluated import SHOWN_AT, ids, make_room, row
from tests.support.impressions import impression_of
from tests.support.tiny import START


def test_the_untrained_towers_give_the_exact_order_of_what_is_out_and_unread(bench, split):
    lists = RetrievedLists(bench, split.impressions)(bench.data.clicks, source="two_tower")
    assert lists.shape == (30, DEPTH) and lists.dtype == np.int32
    catalogue = bench.data.catalogue
    for impression, found in zip(split.impressions, ids(bench, lists), strict=True):
        readers = RetrievedLists(bench, [impression])._blocks[0][1]
        (vectors,) = interest_vectors(bench.retriever.vectors(readers))
        order = np.argsort(-(catalogue.vectors.whole() @ vectors.T).max(axis=1), kind="stable")
        out = order[catalogue.published_at[order] <= impression.time.timestamp()]
        read = np.array(impression.history_rows, np.int64)
        likeness = catalogue.vectors_of(out) @ catalogue.vectors_of(read).T
        out = out[~SameTexts(catalogue).copies(out, read, likeness).any(axis=1)]  # nor what was read under another id
        assert found == [news_id for news_id in ids(bench, [out])[0] if news_id not in impression.history]


def test_in_a_pool_the_nearest_are_those_of_the_catalogue_without_the_others(bench, split):
    retrieved, pool = RetrievedLists(bench, split.impressions), np.arange(len(bench.data.catalogue)) % 2 == 0
    whole, part = (
        retrieved(bench.data.clicks, None, "two_tower"),
        retrieved(bench.data.clicks, lambda time: pool, "two_tower"),
    )
    for ours, everything in zip(part, whole, strict=True):
        kept = everything[everything >= 0]
        assert ours[ours >= 0].tolist() == kept[pool[kept]].tolist()
    fusion = retrieved(bench.data.clicks, lambda time: pool)
    assert pool[fusion[fusion >= 0]].all()


def test_no_list_holds_what_was_read_or_is_to_come_or_lies_outside_the_pool(bench, split):
    pool = np.arange(len(bench.data.catalogue)) % 3 > 0
    published = bench.data.catalogue.published_at
    scored = ScoredLists(bench.data, split.impressions, lambda time: pool & (published <= time.timestamp()))
    rng = np.random.default_rng(0)
    for lists in (scored.random(rng), scored.popularity(bench.data.clicks, rng), scored.words(Bm25(bench.data))):
        for impression, rows in zip(split.impressions, lists, strict=True):
            rows = rows[rows >= 0]
            assert pool[rows].all() and (published[rows] <= impression.time.timestamp()).all()
            assert not {*ids(bench, [rows])[0]} & {*impression.history}


def test_a_source_alone_is_not_filled_up_with_others(bench):
    newcomer = impression_of(bench.data.catalogue, "new", SHOWN_AT, shown=["N3", "N20"], clicked=[True, False])
    retrieved = RetrievedLists(bench, [newcomer])
    assert (retrieved(bench.data.clicks, None, "two_tower") < 0).all()
    assert (retrieved(bench.data.clicks, None, "co_click") < 0).all()
    assert (retrieved(bench.data.clicks)[0, :20] >= 0).all()
    popular = retrieved(bench.data.clicks, None, "popularity")
    assert popular[0, :2].tolist() == bench.data.catalogue.rows(["N4", "N3"]), "the newest have no quota"


def test_words_find_what_shares_them_with_the_newest_titles(bench):
    science = impression_of(bench.data.catalogue, "u", START + timedelta(hours=80), ["N2"], ["N5"], [True])
    stranger = impression_of(bench.data.catalogue, "v", START + timedelta(hours=80), [], ["N5"], [True], 1)
    first, second = ScoredLists(bench.data, [science, stranger]).words(Bm25(bench.data))
    found = first[first >= 0]
    assert len(found) and set(bench.data.catalogue.category[found[:5]]) == {"science"}
    assert (second < 0).all()


@given(st.lists(st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=6, max_size=6), min_size=1, max_size=4))
def test_the_best_rows_are_those_of_a_stable_sort(scores):
    scores = np.array(scores)
    for k in (1, 4, 6, 9):
        found = best_rows(scores, k)
        assert found.shape == (len(scores), min(k, 6))
        for line, rows in zip(scores, found, strict=True):
            values = line[rows[rows >= 0]]
            assert values.tolist() == sorted(line[np.isfinite(line)], reverse=True)[:k]
            assert all(a < b for a, b in pairwise(rows) if b >= 0 and line[a] == line[b])


def test_slices_and_reachability_computed_by_hand(tmp_path, encoder):
    rows = [
        row(0, ["N3", "N1", "N7"], [True, True, False]),  # no history; N3 was clicked before, N1 was not
        row(1, ["N4", "N2"], [True, False], history=["N0", "N5", "N6"]),
    ]
    bench = open_bench(make_room(tmp_path / "room", encoder, impressions=rows, adapter=False))
    setting = content_only(bench.data, read_split(bench.data.newsroom, bench.data.catalogue, "valid"))
    pool = np.zeros(60, np.bool_)
    pool[bench.data.catalogue.rows(["N3", "N4", "N7"])] = True
    targets = make_targets(bench.data, setting, lambda time: pool, ["sports"])
    lists = np.full((2, DEPTH), -1, np.int32)
    lists[0, :2] = bench.data.catalogue.rows(["N7", "N3"])
    found = measure(lists, targets)
    assert targets.reachable.mean() == pytest.approx(2 / 3) and targets.members.sum() == 3
    assert found.values["recall@10"].tolist() == [0.5, 0.0] and found.values["reachable recall@10"].tolist() == [
        1.0,
        0.0,
    ]
    assert found.values["mrr"].tolist() == [0.5, 0.0]
    expected = {
        "readers of no article": [0.5, np.nan],
        "readers of 1 to 4 articles": [np.nan, 0.0],
        "readers of 5 or more": [np.nan, np.nan],
        "articles not clicked before": [0.0, np.nan],
        "articles clicked before": [1.0, 0.0],
        "category sports": [1.0, np.nan],
    }
    assert list(found.slices) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found.slices[name], values, err_msg=name)
    assert found.whole["coverage@10"] == pytest.approx(2 / 3)
    # Of 3 clicks and one more for each of 60 articles, N3 has 3 and N7 has 1.
    bits = np.log2([63 / 3, 63 / 1]).mean()
    assert found.values["novelty@10"][0] == pytest.approx(bits) and np.isnan(found.values["novelty@10"][1])


def test_every_row_is_measured_everywhere_and_absent_sources_are_named(bench, split):
    found = measure_retrieval(bench, [("trained", bench)], split, hours=24, lend=False)
    rows = [RANDOM, POPULARITY, BM25, "source popularity", "source freshness", UNTRAINED, f"fusion, {UNTRAINED}"]
    assert list(found.runs[CATALOGUE]) == list(found.runs[POOL]) == rows
    assert "co_click" in found.remarks[0] and not found.towers
    assert found.sources == {f"fusion, {UNTRAINED}": UNTRAINED}
    assert [len(found.runs[CATALOGUE][name]) for name in (RANDOM, POPULARITY, BM25)] == [3, 3, 1]
    assert found.articles[CATALOGUE] > found.articles[POOL] and found.reachable[CATALOGUE] == 1.0
    (towers,), (chance, *_) = found.runs[CATALOGUE][UNTRAINED], found.runs[CATALOGUE][RANDOM]
    assert towers.values["ndcg@10"].mean() > 2 * chance.values["ndcg@10"].mean()


def test_live_gives_each_halving_a_run_over_all_requests(bench, split):
    found = measure_retrieval(bench, [], split, hours=24, lend=True)
    runs = found.runs[CATALOGUE][UNTRAINED]
    assert len(runs) == len(found.runs[CATALOGUE][RANDOM]) == 3
    for run in runs:
        assert len(run.values["mrr"]) == len(found.impressions) == 30
        assert np.isnan(run.values["mrr"]).sum() == 15


def test_an_exact_index_has_no_recall_of_its_own_and_an_approximate_one_has(bench, split, tmp_path, encoder):
    assert index_recall(bench, split.impressions) is None
    room = make_room(tmp_path / "room", encoder, extra='[index]\nkind = "HNSW32"\n', adapter=False)
    found = index_recall(open_bench(room), split.impressions)
    assert found["recall@10"] == found["recall@1000"] == 1.0
