"""The index of trainings and benchmarks, which is built when something is first searched."""

import numpy as np
import pytest

from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.offline.lazy_index import index_of
from broadsheet.offline.workbenches import open_bench, prepare_vectors
from broadsheet.training.reranker import train_reranker
from tests.support.evaluated import make_room
from tests.support.tiny import make_impressions, make_newsroom


@pytest.fixture
def room(tmp_path, encoder):
    return make_newsroom(tmp_path / "newsroom", encoder)


def stages_of(lines):
    return [line.split(":")[0] for line in lines]


def nearest(bench, queries, k):
    return np.argsort(-(queries @ bench.data.catalogue.vectors.whole().T), axis=1, kind="stable")[:, :k]


def test_no_index_is_built_before_the_first_search_and_then_one(room):
    lines = []
    bench = prepare_vectors(room, lines.append)
    queries = bench.data.catalogue.vectors.take([3, 7])
    assert stages_of(lines) == ["encode"] and bench.retriever
    for _ in range(2):
        _, rows = bench.search(queries, 5)
        assert np.array_equal(rows, nearest(bench, queries, 5))
    assert stages_of(lines) == ["encode", "index"] and "60 vectors, Flat, recall@100 1.0000" in lines[1]
    assert not any(room.path.rglob("index*"))


def test_it_is_of_the_kind_and_the_shards_that_the_settings_ask_for(tmp_path, encoder):
    extra = '[index]\nkind = "HNSW32"\nshards = 2\n'
    bench = prepare_vectors(make_newsroom(tmp_path / "newsroom", encoder, extra=extra))
    queries = bench.data.catalogue.vectors.take([3, 7])
    assert np.array_equal(bench.search(queries, 5)[1], nearest(bench, queries, 5))
    assert len(index_of(bench)) == 60 and not index_of(bench).is_exact


def test_it_is_built_of_the_vectors_that_were_opened_though_a_build_has_moved_their_folder_since(room):
    bench = prepare_vectors(room)
    edition = build(room, "all")
    assert not room.building.path.exists()
    queries = bench.data.catalogue.vectors.take([0])
    assert np.array_equal(bench.search(queries, 60)[1], nearest(bench, queries, 60))
    assert index_of(open_bench(room)) is not None and open_bench(room).data.edition == edition


def test_workbenches_of_other_data_share_it(room):
    lines = []
    bench = prepare_vectors(room, lines.append)
    other = bench.over(bench.data)
    queries = bench.data.catalogue.vectors.take([1])
    for one in (bench, other):
        one.search(queries, 3)
    assert stages_of(lines) == ["encode", "index"]


def test_a_training_that_searches_nothing_and_other_towers_build_no_index(tmp_path, encoder):
    room = make_room(tmp_path / "room", encoder, extra="[reranker]\nepochs = 1\n", adapter=False)
    lines = []
    open_bench(room, lines.append, towers="untrained")
    assert stages_of(lines) == ["towers untrained"]
    lines.clear()
    with Import(room) as add:
        add.impressions("train", make_impressions(20))
    train_reranker(room, train="train", valid="valid", say=lines.append)
    assert "encode" in stages_of(lines) and "index" not in stages_of(lines)
