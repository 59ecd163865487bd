"""What is taken over from an earlier index: the whole of it, or the choice of its kind."""

import numpy as np
import pytest

from tests.index_build.rooms import FEW, Room, budget_of, random_vectors


def test_the_same_vectors_take_over_the_index(room, tmp_path):
    report = room.build(random_vectors(200))
    other = Room(tmp_path / "other")
    taken = other.build(random_vectors(200), model="m2", earlier=[room.earlier(report)])
    assert taken == {**report, "taken_over": "same vectors"} and other.index.samefile(room.index)
    assert np.array_equal(other.open(model="m2")(random_vectors(3), 5)[1], room.open()(random_vectors(3), 5)[1])


def other_vectors(room, report):
    return {"vectors": random_vectors(200, seed=5)}


def other_goal(room, report):
    return {"vectors": random_vectors(200), "recall": 0.8}


def damaged(room, report):
    room.index.write_bytes(room.index.read_bytes()[:-4])
    return {"vectors": random_vectors(200)}


def no_report(room, report):
    report.clear()
    return {"vectors": random_vectors(200)}


def no_table(room, report):
    room.rows.unlink()
    return {"vectors": random_vectors(200)}


@pytest.mark.parametrize("change", [other_vectors, other_goal, damaged, no_report, no_table])
def test_anything_else_is_built_anew(room, tmp_path, change):
    report = room.build(random_vectors(200))
    arguments = change(room, report)
    other = Room(tmp_path / "other")
    assert not other.build(**arguments, earlier=[room.earlier(report)])["taken_over"]
    assert len(other.open()) == 200 and not (room.index.exists() and other.index.samefile(room.index))


@pytest.mark.parametrize(("count", "kept"), [(750, True), (3000, True), (749, False), (3001, False)])
def test_the_choice_is_taken_over_from_half_to_twice_the_articles_it_was_made_for(room, tmp_path, small, count, kept):
    queries = random_vectors(30, seed=1)
    report = room.build(random_vectors(1500), recall=0.9, queries=queries, make_budget=budget_of(0))
    other = Room(tmp_path / "other")
    again = random_vectors(count, seed=2)
    taken = other.build(again, recall=0.9, queries=queries, earlier=[room.earlier(report)], make_budget=budget_of(0))
    assert (taken["taken_over"] == "the choice of its kind") is kept
    assert taken["chosen_for"] == (1500 if kept else count) and taken["vectors"] == count
    if kept:
        assert taken["kind"] == report["kind"] and taken["trials"] == report["trials"]
    else:
        assert taken["chosen_by"].endswith(f" s, since there are {count} vectors and there were 1500")
    assert taken["recall_low"] >= 0.9


def another_model(room, vectors):
    return {"model": "m2"}


def other_dimensions(room, vectors):
    return {"vectors": random_vectors(600, 32)}


def other_settings(room, vectors):
    return {"recall": 0.8}


def a_damaged_table(room, vectors):
    room.rows.write_bytes(b"")
    return {"vectors": vectors[:-1]}


REASONS = {
    another_model: "another model made the vectors",
    other_dimensions: "vectors have 32 dimensions and had 16",
    other_settings: "the settings of the index changed",
    a_damaged_table: "the earlier index is damaged",
}


@pytest.mark.parametrize("change", REASONS)
def test_the_choice_is_made_anew_where_the_vectors_changed_in_kind(room, tmp_path, small, change):
    vectors = random_vectors(600)
    report = room.build(vectors, recall=0.9, queries=FEW[16], make_budget=budget_of(0))
    arguments = {"vectors": vectors[:-1], "recall": 0.9, **change(room, vectors)}
    queries = FEW[arguments["vectors"].shape[1]]
    given = {"queries": queries, "earlier": [room.earlier(report)], "make_budget": budget_of(0)}
    new = Room(tmp_path / "other").build(**arguments, **given)
    assert not new["taken_over"] and new["chosen_by"].endswith(f" s, since {REASONS[change]}")


def test_an_exact_index_of_few_articles_is_no_choice_to_take_over(room, tmp_path, small):
    report = room.build(random_vectors(400), recall=0.9)
    given = {"queries": FEW[16], "make_budget": budget_of(0)}
    new = Room(tmp_path / "other").build(random_vectors(600), recall=0.9, earlier=[room.earlier(report)], **given)
    assert new["chosen_by"].endswith(" s, since there is no earlier choice") and new["chosen_for"] == 600
