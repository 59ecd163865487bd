from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import ContractError
from broadsheet.index_build import Goal, build_index, measure
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.files import file_sha256
from broadsheet.tables.schemas import INDEX
from broadsheet.tables.vectors import vectors_to_numpy
from tests.index_build.rooms import Room, exact, random_vectors


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "room")


def test_few_articles_are_searched_exactly(room):
    vectors, queries = random_vectors(500), random_vectors(40, seed=1)
    assert room.build(vectors)["kind"] == "Flat"
    scores, rows = room.open()(queries, 20)
    expected_scores, expected_rows = exact(vectors, queries, 20)
    assert np.array_equal(rows, expected_rows) and scores == pytest.approx(expected_scores, abs=1e-6)


KINDS = [
    "flat",
    "HNSW32",
    "HNSW32_SQfp16",
    "HNSW32_SQ8,Refine(SQfp16)",
    "IVF16,PQ16x4fsr,Refine(SQfp16)",
    "IVF16,RaBitQfs,Refine(SQfp16)",
    "IVF16_HNSW32,PQ16x4fs,RFlat",
    "PCAR32,IVF16,PQ16x4fsr,RFlat",
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_what_was_asked_of_it_and_gives_inner_products(room, kind):
    vectors, queries = random_vectors(3000, 32), random_vectors(100, 32, seed=1)
    report = room.build(vectors, kind, recall=0.95, queries=queries)
    scores, rows = room.open()(queries, 100)
    _, expected = exact(vectors, queries, 100)
    recall = np.mean([len(set(found) & set(near)) / 100 for found, near in zip(rows, expected, strict=True)])
    assert recall >= 0.95 and report["recall@100"] == pytest.approx(recall, abs=2e-4)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert scores == pytest.approx(np.einsum("qd,qkd->qk", queries, vectors[rows]), abs=1e-3)


@pytest.mark.parametrize("kind", ["HNSW32", "HNSW32_SQ8,RFlat"])
def test_a_graph_is_searched_as_deep_as_k(room, kind):
    vectors = random_vectors(1500)
    room.build(vectors, kind)
    _, rows = room.open()(vectors[:5], 1000)
    assert (rows >= 0).all() and all(len(set(found)) == 1000 for found in rows.tolist())


def test_lists_are_searched_the_wider_the_more_is_asked_for(room):
    vectors = random_vectors(3000)
    room.build(vectors, "IVF64,Flat", recall=0.5)
    assert room.tuned()["nprobe"] < 16
    _, rows = room.open()(vectors[:5], 3000)
    assert (np.sort(rows, axis=1) == np.arange(3000)).all()


@pytest.mark.parametrize("kind", ["flat", "HNSW32", "HNSW32_SQ8,RFlat", "IVF2,Flat"])
def test_more_than_there_are_gives_all_there_are(room, kind):
    room.build(random_vectors(7), kind)
    scores, rows = room.open()(random_vectors(2, seed=1), 50)
    assert scores.shape == rows.shape == (2, 7) and sorted(rows[0]) == list(range(7))


def test_the_table_beside_it_names_rows_model_and_kind(room):
    vectors = random_vectors(5)
    room.build(vectors)
    assert read_table(room.rows, INDEX, model="m1")["news_id"].to_pylist() == ["N0", "N1", "N2", "N3", "N4"]
    stamp = read_stamp(room.rows)
    assert stamp["kind"] == "Flat" and stamp["dim"] == "16" and stamp["metric"] == "inner_product"
    assert stamp["sha256"] == file_sha256(room.index)
    assert np.array_equal(vectors_to_numpy(room.table), vectors), "the input is as it was"


@pytest.fixture
def same_speed(monkeypatch):
    """Which parameters are the fastest is a measurement; here all are as fast."""
    monkeypatch.setattr(measure, "measure_speed", lambda *about: 1.0)


def test_the_same_vectors_give_the_same_files(room, tmp_path, same_speed):
    other = Room(tmp_path / "other")
    for kind in ("flat", "IVF4,RaBitQfs,Refine(SQfp16)", "HNSW32"):
        for one in (room, other):
            one.build(random_vectors(200), kind)
        assert file_sha256(room.index) == file_sha256(other.index)
        assert read_stamp(room.rows) == read_stamp(other.rows)


def test_the_same_vectors_in_other_batches_give_the_same_file(room, same_speed):
    room.build(random_vectors(300), "IVF4,PQ8x4fs,RFlat")
    first, stamp = file_sha256(room.index), read_stamp(room.rows)
    halves = pa.concat_tables([room.table.slice(0, 123), room.table.slice(123)])
    goal = Goal("IVF4,PQ8x4fs,RFlat", 0.9, 0)
    none = np.zeros((0, 16), np.float32)
    build_index(halves, room.index, room.rows, model="m1", queries=none, goal=goal)
    assert file_sha256(room.index) == first and read_stamp(room.rows) == stamp


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


@pytest.mark.parametrize("kind", ["flat", "HNSW32_SQ8,Refine(SQfp16)", "IVF8,RaBitQfs,RFlat", "IVF8_HNSW32,Flat"])
def test_eight_threads_find_what_one_finds(room, kind):
    room.build(random_vectors(800), kind)
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
    stamp = {name: value for name, value in stamp.items() if name not in ("table", "version")}
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


@pytest.mark.parametrize("parameters", ["{", "[1]", '{"speed": 3}', '{"nprobe": "many"}'])
def test_parameters_that_are_none_are_one_clear_error(room, parameters):
    room.build(random_vectors(50))
    stamp = {name: value for name, value in read_stamp(room.rows).items() if name not in ("table", "version")}
    write_table(room.rows, room.table.select(["news_id"]), INDEX, **(stamp | {"parameters": parameters}))
    with pytest.raises(ContractError, match=r"index.arrow: parameters is .*, expected efSearch, nprobe and k_factor"):
        room.open()
