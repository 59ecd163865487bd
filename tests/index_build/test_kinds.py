import faiss
import numpy as np
import pytest

from broadsheet.errors import ConfigError
from broadsheet.index_build.kinds import build_kind, candidates, list_count
from broadsheet.index_build.parameters import Parameters, search_parameters
from broadsheet.tables import vectors as mapped_vectors
from broadsheet.tables.vectors import as_vectors
from tests.index_build.rooms import Room, random_vectors


def test_lists_are_a_power_of_two_near_four_roots_or_as_many_as_can_be_learnt():
    assert [list_count(count) for count in (10, 1000, 12_229, 200_000, 10**6, 10**7)] == [1, 25, 313, 2048, 4096, 16384]


@pytest.mark.parametrize("kind", candidates(2000, 32))
def test_an_index_filled_in_blocks_holds_every_vector_once(kind, monkeypatch):
    monkeypatch.setattr(mapped_vectors, "BLOCK", 300)
    vectors = random_vectors(2000, 32)
    index = build_kind(kind, as_vectors(vectors))
    assert index.ntotal == 2000
    if "Refine" in kind:
        codes = faiss.downcast_index(faiss.downcast_index(index).refine_index).codes
        assert codes.size() == 2000 * 64  # two bytes a number
    wanted = search_parameters(index, Parameters(efSearch=400, nprobe=2048, k_factor=32), 1)
    _, found = index.search(vectors, 1, params=wanted)
    assert (found[:, 0] == np.arange(2000)).mean() > 0.99


@pytest.mark.parametrize("kind", ["HNSW32_SQ9", "pickle", "IVF5000,Flat", "PQ7"])
def test_what_faiss_cannot_build_is_one_clear_error(tmp_path, kind):
    with pytest.raises(ConfigError, match=f"index.kind: '{kind}' cannot be built for 100 vectors of 16 dimensions"):
        Room(tmp_path / "room").build(random_vectors(100), kind)
