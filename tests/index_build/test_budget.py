"""Few vectors are searched exactly by rule; trials of many have a time budget."""

from dataclasses import replace

import pytest

from broadsheet.index_build import Budget, build, describe, measure
from broadsheet.index_build.measure import tune
from tests.index_build.rooms import FEW, budget_of, random_vectors


@pytest.mark.parametrize(("count", "kinds"), [(500, 1), (501, 6)])
def test_up_to_the_border_the_index_is_exact_without_a_trial_and_beyond_it_kinds_are_tried(room, small, count, kinds):
    asked = []

    def make_budget(count):
        asked.append(count)
        return Budget()

    report = room.build(random_vectors(count), recall=0.9, make_budget=make_budget, queries=FEW[16])
    assert len(report["trials"]) == kinds and asked == [501] * (kinds > 1)
    if kinds == 1:
        assert report["kind"] == "Flat" and report["chosen_by"] == "up to 500 vectors are searched exactly"
        assert describe(report).endswith("queries/s; up to 500 vectors are searched exactly")


def test_any_recall_asked_for_is_met_by_exact_search(room):
    assert room.build(random_vectors(300), recall=1.0)["recall_low"] == 1.0


def test_a_named_kind_is_built_however_few_the_articles_are(room):
    report = room.build(random_vectors(300), "HNSW32")
    assert report["kind"] == "HNSW32" and report["chosen_by"] == "index.kind is HNSW32"


def test_few_vectors_that_do_not_fit_into_the_memory_are_left_to_trials(room, small):
    report = room.build(random_vectors(2100, 128), recall=0.5, memory_mib=1, exact_up_to=10_000, queries=FEW[128])
    assert report["kind"].startswith("IVF") and report["memory_per_vector"] * 2100 <= 2**20


# The clock is looked at when a budget is made, twice for each trial, and before each trial but the first.
# So a trial takes ten seconds, and it is asked whether the next fits 30, 60, 90 ... seconds after the budget was made.
@pytest.mark.parametrize(("seconds", "tried"), [(0, 1), (39, 1), (40, 2), (70, 3), (1000, 6)])
def test_trials_end_before_the_next_would_exceed_the_budget(room, small, seconds, tried):
    report = room.build(random_vectors(600), recall=0.5, make_budget=budget_of(seconds), queries=FEW[16])
    assert len(report["trials"]) == tried
    assert report["chosen_by"].startswith(f"{tried} of 6 kinds tried in ")
    assert report["chosen_by"].endswith(" s, since there is no earlier choice")


def test_trials_go_on_beyond_the_budget_until_a_kind_can_be_chosen(room, small, monkeypatch):
    monkeypatch.setattr(measure, "FACTORS", (1,))  # so that codes, which are tried first, miss the recall
    report = room.build(random_vectors(600), recall=0.99, make_budget=budget_of(0), queries=FEW[16])
    assert [row["kind"] for row in report["trials"] if not row["note"]] == [report["kind"]] and len(
        report["trials"]
    ) > 1


def test_a_slower_kind_is_not_replaced_once_the_budget_of_the_trials_is_spent(room, small, monkeypatch):
    measured = []

    def slow_at_first(index, *about):
        measured.append(replace(tune(index, *about), qps=1.0 if not measured else 1e9))
        return measured[-1]

    monkeypatch.setattr(build, "tune", slow_at_first)
    room.build(random_vectors(1500), recall=0.9, make_budget=budget_of(0), queries=FEW[16])
    assert len(measured) == 1
