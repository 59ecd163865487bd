import json
import logging
from dataclasses import replace

import faiss
import numpy as np
import pytest

from broadsheet.errors import ConfigError
from broadsheet.index_build import build, measure, trials
from broadsheet.index_build.kinds import build_kind, candidates
from broadsheet.index_build.measure import measure_recall, search_exactly, tune
from broadsheet.index_build.parameters import Parameters
from broadsheet.tables.vectors import as_vectors
from tests.index_build.rooms import exact, random_vectors


def test_recall_is_the_share_of_the_true_hundred():
    vectors = random_vectors(300, 8)
    queries = random_vectors(5, 8, seed=1)
    mapped = as_vectors(vectors)
    found = search_exactly(mapped, queries)
    assert found.k == 100 and found.least == pytest.approx(exact(vectors, queries, 100)[0][:, -1], abs=1e-6)
    half = build_kind("Flat", as_vectors(vectors[:150]))
    _, near = exact(vectors, queries, 100)
    measured = measure_recall(half, found, mapped, Parameters())
    shares = (near < 150).mean(axis=1)
    assert measured.recall == pytest.approx(shares.mean())
    assert measured.low == pytest.approx(shares.mean() - 2 * shares.std() / 5**0.5)


def test_articles_of_one_vector_stand_for_each_other_in_the_recall():
    vectors = np.repeat(random_vectors(4, 8), 50, axis=0)
    mapped, queries = as_vectors(vectors), random_vectors(9, 8, seed=1)
    measured = measure_recall(build_kind("Flat", mapped), search_exactly(mapped, queries), mapped, Parameters())
    assert measured.recall == measured.low == 1.0


def test_tuning_finds_the_least_breadth_that_has_the_recall():
    mapped, queries = as_vectors(random_vectors(4000, 32)), random_vectors(100, 32, seed=1)
    index, found = build_kind("IVF64,Flat", mapped), search_exactly(mapped, queries)
    measured = tune(index, found, mapped, 0.9)
    assert measured.low >= 0.9 and measured.qps > 0
    below = max(count for count in measure.LISTS if count < measured.parameters.nprobe)
    assert measure_recall(index, found, mapped, Parameters(nprobe=below)).low < 0.9
    assert tune(index, found, mapped, 1.0).parameters.nprobe > measured.parameters.nprobe


def test_a_refinement_gets_the_factor_that_its_codes_need():
    mapped, queries = as_vectors(random_vectors(4000, 32)), random_vectors(100, 32, seed=1)
    index, found = build_kind("IVF16,PQ8x4fs,RFlat", mapped), search_exactly(mapped, queries)
    one = measure_recall(index, found, mapped, Parameters(nprobe=16, k_factor=1))
    tuned = tune(index, found, mapped, 0.95)
    assert one.recall < 0.7 < 0.95 <= tuned.low and tuned.parameters.k_factor > 1


def test_what_cannot_be_reached_comes_back_as_the_best_there_is():
    mapped, queries = as_vectors(random_vectors(2000, 32)), random_vectors(50, 32, seed=1)
    index = build_kind("IVF16,PQ8x4fs", mapped)
    measured = tune(index, search_exactly(mapped, queries), mapped, 0.99)
    assert 0.1 < measured.recall < 0.9 and measured.parameters.nprobe == 16 and measured.qps > 0


def test_auto_tries_every_kind_with_the_queries_and_takes_one_that_has_the_recall(room, small):
    vectors, queries = random_vectors(1500, 32), random_vectors(60, 32, seed=1)
    report = room.build(vectors, recall=0.9, queries=queries)
    table = report["trials"]
    assert sorted(row["kind"] for row in table) == sorted(candidates(1500, 32))
    assert [row["kind"] for row in table if row["chosen"]] == [report["kind"]]
    able = [row for row in table if not row["note"]]
    assert report["kind"] in [row["kind"] for row in able]
    assert [row["expected_qps"] for row in able] == sorted((row["expected_qps"] for row in able), reverse=True)
    assert json.loads(json.dumps(report)) == report
    assert report["queries"] == {"of": "user vectors", "count": 60} and report["recall_low"] >= 0.9
    assert all(row["recall_low"] >= 0.9 for row in table if not row["note"])
    _, rows = room.open()(queries, 100)
    near = exact(vectors, queries, 100)[1]
    assert np.mean([len(set(a) & set(b)) / 100 for a, b in zip(rows, near, strict=True)]) >= 0.9


def test_a_kind_is_expected_over_all_vectors_to_slow_down_as_it_did_from_a_part_of_the_sample_to_the_whole(room, small):
    queries = random_vectors(60, 32, seed=1)
    for row in room.build(random_vectors(2000, 32), recall=0.9, queries=queries)["trials"]:
        assert 0 <= row["growth"] <= 1
        assert row["expected_qps"] == pytest.approx(row["qps"] / 2 ** row["growth"], rel=0.02)


def test_a_kind_that_was_disturbed_while_it_was_tuned_is_judged_by_its_quickest_round(room, small, monkeypatch):
    turns = []

    def quick_in_its_second_turn(index, *about):
        turns.append(type(index).__name__)
        return 1e6 if isinstance(index, faiss.IndexHNSWFlat) and turns.count("IndexHNSWFlat") == 2 else 10.0

    monkeypatch.setattr(measure, "measure_speed", lambda *about: 1.0)  # all are disturbed
    monkeypatch.setattr(trials, "measure_speed", quick_in_its_second_turn)
    table = room.build(random_vectors(600, 32), recall=0.5, queries=random_vectors(20, 32, seed=1))["trials"]
    assert table[0]["kind"] == "HNSW32" and table[0]["qps"] == 1e6
    assert {row["qps"] for row in table[1:]} == {10.0}


def test_where_the_sample_is_all_there_is_nothing_is_extrapolated(room, small):
    table = room.build(random_vectors(900, 32), recall=0.9, queries=random_vectors(60, 32, seed=1))["trials"]
    assert len(table) == len(candidates(900, 32))
    assert all(row["growth"] is None and row["expected_qps"] == row["qps"] for row in table)


def test_without_readers_articles_are_searched_for_and_the_report_says_so(room):
    report = room.build(random_vectors(200))
    assert report["queries"] == {"of": "article vectors", "count": measure.BATCH}
    assert report["kind"] == "Flat" and report["recall@100"] == 1.0
    assert [(row["kind"], row["chosen"]) for row in report["trials"]] == [("Flat", True)]


def test_a_memory_limit_excludes_what_does_not_fit(room, small):
    vectors = random_vectors(4000, 128)  # Flat takes 1.95 MiB, codes with a mapped refinement less than 1
    report = room.build(vectors, recall=0.5, memory_mib=1, queries=random_vectors(30, 128, seed=1))
    assert {row["kind"]: row["note"] for row in report["trials"]}["Flat"] == "needs 2 MiB, memory_mib is 1"
    assert report["kind"].startswith("IVF") and report["memory_per_vector"] * 4000 <= 2**20
    assert report["memory_per_vector"] == pytest.approx(report["bytes_per_vector"] - 2 * 128, abs=0.2)


def test_no_kind_within_the_memory_is_one_clear_error_that_names_each(room, small, monkeypatch):
    monkeypatch.setattr(measure, "FACTORS", (1,))  # so that codes have no recall of 1
    with pytest.raises(ConfigError, match=r"recall@100 1.0 within the memory \(.*Flat: needs 2 MiB") as error:
        room.build(random_vectors(4000, 128), recall=1.0, memory_mib=1, queries=random_vectors(9, 128, seed=1))
    assert "Raise index.memory_mib, lower index.recall" in str(error.value) and not room.index.exists()


def test_a_named_kind_too_large_for_the_memory_is_one_clear_error(room):
    with pytest.raises(ConfigError, match=r"index\.kind: Flat needs 2 MiB, memory_mib is 1"):
        room.build(random_vectors(4000, 128), "flat", memory_mib=1)
    assert not room.index.exists() and not room.rows.exists()


def test_a_named_kind_below_the_recall_is_never_published(room):
    with pytest.raises(ConfigError, match=r"index.recall: found 0.99, .* \(IVF16,PQ8x4fs has 0.\d+ at most\)"):
        room.build(random_vectors(2000, 32), "IVF16,PQ8x4fs", recall=0.99)
    assert not room.index.exists() and not room.rows.exists()


def test_the_next_kind_is_built_where_the_best_of_the_trials_fails_on_all_vectors(room, small, caplog):
    vectors, queries = random_vectors(1500, 32), random_vectors(60, 32, seed=1)
    report = room.build(vectors, recall=0.9, queries=queries)
    poor = {**report, "kind": "IVF16,PQ8x4fs"}
    with caplog.at_level(logging.WARNING):
        again = room.build(random_vectors(1400, 32), recall=0.9, queries=queries, earlier=[room.earlier(poor)])
    assert "IVF16,PQ8x4fs has 0." in caplog.text and "0.9 is asked for" in caplog.text
    assert again["kind"] != "IVF16,PQ8x4fs" and again["recall_low"] >= 0.9 and not again["taken_over"]
    assert again["chosen_by"].endswith(" s, since IVF16,PQ8x4fs, the earlier choice, misses the recall")


def test_what_is_slower_over_all_vectors_than_the_next_was_expected_to_be_gives_way_to_it(room, small, monkeypatch):
    measured = []

    def slow_at_first(index, *about):
        measured.append(replace(tune(index, *about), qps=1.0 if not measured else 1e9))
        return measured[-1]

    monkeypatch.setattr(build, "tune", slow_at_first)
    report = room.build(random_vectors(1500, 32), recall=0.9, queries=random_vectors(60, 32, seed=1))
    able = [row["kind"] for row in report["trials"] if not row["note"]]
    assert len(measured) == 2 and report["kind"] == able[1] and report["qps"] == 1e9
    assert [row["kind"] for row in report["trials"] if row["chosen"]] == [able[1]]
