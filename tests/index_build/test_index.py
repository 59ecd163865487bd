from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import ContractError
from broadsheet.index_build import build_index, open_index
from broadsheet.newsroom import file_sha256
from broadsheet.schemas import INDEX, news_vectors
from broadsheet.tables import read_stamp, read_table, vectors_to_arrow, vectors_to_numpy, write_table
from tests.stage_contract import unit


def vectors_table(vectors):
    ids = [f"N{number}" for number in range(len(vectors))]
    return pa.table([ids, ids, vectors_to_arrow(vectors)], schema=news_vectors(vectors.shape[1]))


def random_vectors(count, dim=16, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(count, dim)))


class Room:
    """The two files of an index in a folder."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.index, self.rows = folder / "index.faiss", folder / "index.arrow"

    def build(self, vectors, exact_up_to=10**6, model="m1"):
        self.table = vectors_table(vectors)
        return build_index(self.table, self.index, self.rows, model=model, exact_up_to=exact_up_to)

    def open(self, model="m1", news_ids=None):
        news_ids = self.table["news_id"] if news_ids is None else news_ids
        return open_index(self.index, self.rows, news_ids=news_ids, model=model)


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "room")


def exact(vectors, queries, k):
    scores = queries @ vectors.T
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, 1), rows


def test_up_to_the_limit_search_is_what_brute_force_finds(room):
    vectors, queries = random_vectors(500), random_vectors(40, seed=1)
    assert room.build(vectors, exact_up_to=500) == "flat"
    scores, rows = room.open()(queries, 20)
    expected_scores, expected_rows = exact(vectors, queries, 20)
    assert np.array_equal(rows, expected_rows) and scores == pytest.approx(expected_scores, abs=1e-6)


def test_above_the_limit_the_graph_finds_more_than_nine_in_ten(room):
    vectors, queries = random_vectors(3000), random_vectors(60, seed=1)
    assert room.build(vectors, exact_up_to=2999) == "hnsw"
    scores, rows = room.open()(queries, 20)
    _, expected = exact(vectors, queries, 20)
    recall = np.mean([len(set(found) & set(near)) / 20 for found, near in zip(rows, expected, strict=True)])
    assert recall > 0.9
    assert (np.diff(scores, axis=1) <= 0).all() and scores[0] == pytest.approx(vectors[rows[0]] @ queries[0], abs=1e-6)


def test_the_graph_is_searched_as_deep_as_k(room):
    vectors = random_vectors(1500)
    room.build(vectors, exact_up_to=0)
    _, rows = room.open()(vectors[:5], 1000)
    assert (rows >= 0).all() and all(len(set(found)) == 1000 for found in rows.tolist())


@pytest.mark.parametrize("limit", [0, 100])
def test_more_than_there_are_gives_all_there_are(room, limit):
    room.build(random_vectors(7), exact_up_to=limit)
    scores, rows = room.open()(random_vectors(2, seed=1), 50)
    assert scores.shape == rows.shape == (2, 7) and sorted(rows[0]) == list(range(7))


def test_the_table_beside_it_names_rows_model_and_kind(room):
    vectors = random_vectors(5)
    room.build(vectors)
    assert read_table(room.rows, INDEX, model="m1")["news_id"].to_pylist() == ["N0", "N1", "N2", "N3", "N4"]
    stamp = read_stamp(room.rows)
    assert stamp["kind"] == "flat" and stamp["dim"] == "16" and stamp["metric"] == "inner_product"
    assert stamp["sha256"] == file_sha256(room.index)
    assert np.array_equal(vectors_to_numpy(room.table), vectors), "the input is as it was"


def test_the_same_vectors_give_the_same_files(room, tmp_path):
    other = Room(tmp_path / "other")
    for limit in (0, 100):
        room.build(random_vectors(50), exact_up_to=limit)
        other.build(random_vectors(50), exact_up_to=limit)
        queries = random_vectors(3, seed=1)
        assert np.array_equal(room.open()(queries, 9)[1], other.open()(queries, 9)[1])
    room.build(random_vectors(50))
    other.build(random_vectors(50))
    assert file_sha256(room.index) == file_sha256(other.index)


def test_no_vectors_are_one_clear_error_and_no_file(room):
    with pytest.raises(ContractError, match="news_vectors: no rows, expected at least one article"):
        room.build(np.zeros((0, 4), np.float32))
    assert not room.index.exists() and not room.rows.exists()


def test_an_open_index_answers_from_the_files_it_opened(room):
    first, queries = random_vectors(50), random_vectors(4, seed=1)
    room.build(first)
    index = room.open()
    room.build(random_vectors(50, seed=2))
    assert np.array_equal(index(queries, 5)[1], exact(first, queries, 5)[1])


@pytest.mark.parametrize("limit", [0, 10_000])
def test_eight_threads_find_what_one_finds(room, limit):
    room.build(random_vectors(800), exact_up_to=limit)
    index, queries = room.open(), random_vectors(64, seed=1)
    _, expected = index(queries, 10)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: index(queries[row : row + 1], 10)[1][0], list(range(64)) * 3))
    assert np.array_equal(np.array(found), np.tile(expected, (3, 1)))


def truncate(room, other):
    room.index.write_bytes(room.index.read_bytes()[:-40])


def swap(room, other):
    room.index.write_bytes(other.index.read_bytes())


def remove(room, other):
    room.index.unlink()


def overwrite(room, other):
    room.index.write_bytes(b"not an index")


@pytest.mark.parametrize("damage", [truncate, swap, remove, overwrite])
def test_a_damaged_swapped_or_missing_index_is_one_clear_error(room, tmp_path, damage):
    other = Room(tmp_path / "other")
    other.build(random_vectors(50, seed=3))
    room.build(random_vectors(50))
    damage(room, other)
    with pytest.raises(ContractError, match=r"index.faiss: SHA-256 is \w+, expected \w{64}. Build again, or roll back"):
        room.open()


@pytest.mark.parametrize("content", [b"not an index", b""])
def test_a_file_that_faiss_cannot_read_is_one_clear_error_though_its_hash_is_right(room, content):
    room.build(random_vectors(50))
    room.index.write_bytes(content)
    stamp = {**read_stamp(room.rows), "sha256": file_sha256(room.index)}
    stamp = {name: stamp[name] for name in ("model", "kind", "dim", "metric", "sha256")}
    write_table(room.rows, room.table.select(["news_id"]), INDEX, **stamp)
    with pytest.raises(ContractError, match=r"index.faiss: FAISS cannot read it .* Build again, or roll back"):
        room.open()


def test_an_index_of_another_length_than_its_table_is_one_clear_error(room):
    room.build(random_vectors(50))
    index = faiss.IndexFlatIP(16)
    index.add(random_vectors(49))
    faiss.write_index(index, str(room.index))
    write_table(room.rows, room.table.select(["news_id"]), INDEX, model="m1", sha256=file_sha256(room.index))
    with pytest.raises(ContractError, match="49 vectors for 50 articles"):
        room.open()


def test_a_missing_table_is_one_clear_error(room):
    room.build(random_vectors(50))
    room.rows.unlink()
    with pytest.raises(ContractError, match=r"index.arrow: no such file"):
        room.open()


def test_an_index_of_another_model_is_one_clear_error(room):
    room.build(random_vectors(50))
    with pytest.raises(ContractError, match=r"index.arrow: model is 'm1', expected 'm2'"):
        room.open(model="m2")


def test_an_index_in_another_order_or_of_other_articles_is_one_clear_error(room):
    room.build(random_vectors(50))
    ids = room.table["news_id"]
    for news_ids in (ids.take(pa.array([*range(48), 49, 48])), ids.slice(0, 49)):
        with pytest.raises(ContractError, match=r"50 vectors for \d+ articles, or in another order. Build again"):
            room.open(news_ids=news_ids)
