from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest

from broadsheet.index_build import ShardedIndex
from tests.index_build.rooms import Room, exact, random_vectors


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "room")


def shards_of(vectors, tmp_path, kind, *cuts):
    for number, part in enumerate(np.split(vectors, cuts)):
        shard = Room(tmp_path / f"shard-{number}")
        shard.build(part, kind)
        yield shard.open()


def test_shards_are_searched_as_one_index(room, tmp_path):
    vectors, queries = random_vectors(500), random_vectors(30, seed=1)
    room.build(vectors, "flat")
    whole, shards = room.open(), ShardedIndex(list(shards_of(vectors, tmp_path, "flat", 5, 200)))
    assert len(shards) == 500
    for k in (1, 20, 500, 900):
        for found, expected in zip(shards(queries, k), whole(queries, k), strict=True):
            assert found.shape == expected.shape and np.array_equal(found, expected)


def test_what_a_shard_does_not_find_comes_last(tmp_path):
    class FindsNothing:
        def __len__(self):
            return 3

        def __call__(self, queries, k):
            return np.full((len(queries), min(k, 3)), 9.0, np.float32), np.full((len(queries), min(k, 3)), -1)

    vectors = random_vectors(4)
    (shard,) = shards_of(vectors, tmp_path, "flat")
    _, rows = ShardedIndex([FindsNothing(), shard])(vectors[:1], 7)
    assert sorted(rows[0, :4]) == [3, 4, 5, 6] and rows[0, 0] == 3 and rows[0, 4:].tolist() == [-1, -1, -1]


@pytest.mark.gpu
@pytest.mark.skipif(not getattr(faiss, "get_num_gpus", int)(), reason="FAISS has no GPU here")
@pytest.mark.parametrize("kind", ["flat", "IVF16,Flat"])
def test_a_gpu_finds_what_the_processor_finds(room, kind):
    vectors, queries = random_vectors(3000), random_vectors(50, seed=1)
    room.build(vectors, kind, recall=0.99)
    index = room.open()
    assert index._copy is not None  # the GPU searches
    _, rows = index(queries, 20)
    near = exact(vectors, queries, 20)[1]
    assert np.mean([len(set(a) & set(b)) / 20 for a, b in zip(rows, near, strict=True)]) > 0.95
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(found, rows) for found in pool.map(lambda _: index(queries, 20)[1], range(16)))
