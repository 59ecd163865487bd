"""Shards built one by one, joined, and opened as one."""

import json

import numpy as np
import pytest

from broadsheet.errors import ConfigError, ContractError
from broadsheet.index_build import (
    EarlierIndex,
    Goal,
    ShardedIndex,
    build_index,
    describe,
    join_shards,
    open_index,
    shard_goal,
    shard_of,
    shard_path,
)
from broadsheet.index_build.shards import cut
from broadsheet.tables.arrow_files import read_stamp, write_table
from broadsheet.tables.schemas import INDEX
from tests.index_build.rooms import Room, exact, random_vectors, vectors_table

NONE = np.zeros((0, 16), np.float32)


class Shards:
    """An index in shards in a folder."""

    def __init__(self, folder, vectors, count=3):
        folder.mkdir()
        self.index, self.rows = folder / "index.faiss", folder / "index.arrow"
        self.table, self.count = vectors_table(vectors), count

    def files(self, number):
        return [shard_path(path, number, self.count) for path in (self.index, self.rows)]

    def build(self, goal, queries=NONE, before=None):
        """Build all, taking over from shards `before` and their report."""
        reports = []
        for number in range(self.count):
            earlier = [EarlierIndex(*before[0].files(number), before[1]["shards"][number])] if before else []
            table, part = shard_of(self.table, number, self.count), shard_goal(goal, self.count)
            files, given = self.files(number), {"model": "m1", "queries": queries, "goal": part}
            reports.append(build_index(table, *files, **given, earlier=earlier))
        return self.join(reports, goal, queries, [before[1]] if before else [])

    def join(self, reports, goal, queries=NONE, earlier=()):
        given = {"model": "m1", "queries": queries, "goal": goal, "earlier": earlier}
        return join_shards(self.table, self.index, self.rows, reports, **given)

    def open(self, **options):
        return open_index(self.index, self.rows, **{"news_ids": self.table["news_id"], "model": "m1"} | options)


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Three exact shards of 100 vectors, and their report. Tests that share it only read."""
    shards = Shards(tmp_path_factory.mktemp("join") / "flat", random_vectors(100))
    return shards, shards.build(Goal("flat", 0.98, 0))


@pytest.mark.parametrize(("total", "count"), [(7, 1), (7, 3), (100, 7), (5, 5), (1000, 999)])
def test_shards_are_contiguous_of_about_equal_size_and_leave_nothing_out(total, count):
    rows = [row for shard in cut(total, count) for row in range(total)[shard]]
    sizes = {shard.stop - shard.start for shard in cut(total, count)}
    assert rows == list(range(total)) and len(cut(total, count)) == count and max(sizes) - min(sizes) <= 1


def test_exact_shards_find_the_rows_of_one_index(flat, tmp_path):
    shards, _ = flat
    vectors, queries = random_vectors(100), random_vectors(30, seed=1)
    whole = Room(tmp_path / "whole")
    whole.build(vectors, "flat")
    one, several = whole.open(), shards.open()
    assert isinstance(several, ShardedIndex) and len(several) == len(one) == 100
    for k in (1, 10, 34, 100, 200):
        for found, expected in zip(several(queries, k), one(queries, k), strict=True):
            assert np.array_equal(found, expected)


def test_the_report_holds_the_whole_and_each_shard(flat):
    shards, report = flat
    assert [shard["vectors"] for shard in report["shards"]] == [33, 33, 34] and report["vectors"] == 100
    assert report["chosen_by"] == "index.kind is flat" and describe(report).endswith("; index.kind is flat")
    assert report["kind"] == "3 x Flat" == read_stamp(shards.rows)["kind"] and report["recall@100"] == 1.0
    assert report["queries"] == {"of": "article vectors", "count": 100} and report["qps"] > 0
    sizes = sum(shards.files(number)[0].stat().st_size for number in range(3))
    assert report["bytes_per_vector"] == pytest.approx(sizes / 100, abs=0.1)
    assert not shards.index.exists() and json.loads(json.dumps(report)) == report


@pytest.mark.parametrize("kind", ["HNSW32", "IVF8,Flat"])
def test_what_approximate_shards_find_together_has_the_recall_of_each(tmp_path, kind):
    vectors, queries = random_vectors(3000), random_vectors(200, seed=1)
    shards = Shards(tmp_path / "shards", vectors)
    report = shards.build(Goal(kind, 0.95, 0), queries)
    assert all(shard["recall_low"] >= 0.95 for shard in report["shards"]) and report["recall_low"] >= 0.95
    found, near = shards.open()(queries, 100)[1], exact(vectors, queries, 100)[1]
    recall = np.mean([len(set(a) & set(b)) / 100 for a, b in zip(found, near, strict=True)])
    assert recall == pytest.approx(report["recall@100"], abs=1e-3)


def test_shards_that_together_miss_the_recall_are_refused(tmp_path):
    shards = Shards(tmp_path / "shards", random_vectors(3000))
    queries = random_vectors(200, seed=1)
    report = shards.build(Goal("IVF32,Flat", 0.1, 0), queries)
    with pytest.raises(ConfigError, match=r"index\.recall: found 1\.0, expected what 3 shards have together, 0\.\d+\."):
        shards.join(report["shards"], Goal("IVF32,Flat", 1.0, 0), queries)


def test_more_shards_than_articles_or_mebibytes_are_refused(tmp_path):
    shards = Shards(tmp_path / "shards", random_vectors(4), count=5)
    articles = r"index\.shards: found 5, expected at most the number of articles, 4\. Lower it"
    with pytest.raises(ConfigError, match=articles):
        shards.build(Goal("flat", 0.98, 0))
    with pytest.raises(ConfigError, match=r"index\.shards: found 5, expected at most index\.memory_mib, 3: a MiB for"):
        shard_goal(Goal("flat", 0.98, 3), 5)
    assert shard_goal(Goal("flat", 0.98, 11, exact_up_to=999), 5) == Goal("flat", 0.98, 2, exact_up_to=199)


def test_shards_of_the_same_vectors_are_taken_over_and_the_whole_is_not_measured_again(flat, tmp_path):
    first, report = flat
    again = Shards(tmp_path / "again", random_vectors(100))
    same = again.build(Goal("flat", 0.98, 0), before=(first, report))
    assert same["taken_over"] == "same vectors" and same["qps"] == report["qps"]
    assert all(again.files(number)[0].samefile(first.files(number)[0]) for number in range(3))
    third = Shards(tmp_path / "third", random_vectors(100))
    assert third.build(Goal("flat", 0.98, 0), before=(again, same)) == same


def test_a_changed_article_costs_its_shard_alone(flat, tmp_path):
    first, report = flat
    vectors = random_vectors(100)
    vectors[40] = vectors[41]
    changed = Shards(tmp_path / "changed", vectors)
    new = changed.build(Goal("flat", 0.98, 0), before=(first, report))
    assert new["taken_over"] == "2 of 3 shards, same vectors"
    assert [shard["taken_over"] for shard in new["shards"]] == ["same vectors", "", "same vectors"]
    assert set(changed.open()(vectors[40:41], 2)[1][0]) == {40, 41}


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("file", [0, 1])
def test_a_shard_that_is_damaged_missing_or_anothers_is_named(tmp_path, number, file):
    shards = Shards(tmp_path / "shards", random_vectors(99))
    shards.build(Goal("flat", 0.98, 0))
    path, other = shards.files(number)[file], shards.files((number + 1) % 3)[file]
    content = path.read_bytes()
    for damaged in (content[:-9] + b"!" + content[-8:], content[:50], other.read_bytes()):
        path.write_bytes(damaged)
        with pytest.raises(ContractError, match=rf"index-00{number}\.(faiss|arrow): "):
            shards.open()
    path.unlink()
    with pytest.raises(ContractError, match=rf"index-00{number}\.(faiss|arrow): "):
        shards.open()


@pytest.mark.parametrize("count", ["0", "-1", "many", "101"])
def test_a_number_of_shards_that_cannot_be_is_one_clear_error(flat, tmp_path, count):
    shards, _ = flat
    rows = tmp_path / "index.arrow"
    write_table(rows, shards.table.select(["news_id"]), INDEX, model="m1", shards=count)
    with pytest.raises(ContractError, match=rf"index\.arrow: shards is '{count}', expected 1 to 100\. Build again"):
        open_index(shards.index, rows, news_ids=shards.table["news_id"], model="m1")


def test_shards_of_another_model_or_order_are_refused(flat):
    shards, _ = flat
    with pytest.raises(ContractError, match=r"index\.arrow: model is 'm1', expected 'm2'"):
        shards.open(model="m2")
    turned = shards.table["news_id"].take(list(range(99, -1, -1)))
    with pytest.raises(ContractError, match=r"index-000\.faiss: .* or in another order"):
        shards.open(news_ids=turned)


def test_the_rule_of_exact_search_counts_the_vectors_of_all_shards(tmp_path):
    few = Shards(tmp_path / "few", random_vectors(90)).build(Goal("auto", 0.5, 0, exact_up_to=90))
    assert few["kind"] == "3 x Flat" and few["chosen_by"] == "up to 30 vectors are searched exactly"
    many = Shards(tmp_path / "many", random_vectors(300)).build(Goal("auto", 0.5, 0, exact_up_to=299))
    assert [len(shard["trials"]) for shard in many["shards"]] == [6, 6, 6]
