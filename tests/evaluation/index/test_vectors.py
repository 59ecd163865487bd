import numpy as np
import pyarrow as pa

from broadsheet.evaluation.index.report import speed_at
from broadsheet.evaluation.index.vectors import difficulty, make_table, widen
from broadsheet.tables.vectors import MappedVectors
from tests.support.stage_contract import unit

VECTORS = unit(np.random.default_rng(0).normal(size=(200, 16)))


def test_a_widened_table_begins_with_the_articles_own_vectors_and_has_unit_length(tmp_path):
    table = make_table(VECTORS, 260, tmp_path / "vectors.arrow")
    whole = MappedVectors(table).whole()
    assert len(table) == 260 and table["news_id"].to_pylist() == [f"N{row}" for row in range(260)]
    np.testing.assert_allclose(whole[:200], VECTORS, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)


def test_a_table_that_is_there_is_not_made_again(tmp_path):
    first = make_table(VECTORS, 60, tmp_path / "vectors.arrow")
    again = make_table(VECTORS[::-1], 60, tmp_path / "vectors.arrow")
    assert isinstance(again, pa.Table) and again.equals(first)


def test_the_same_seed_widens_in_the_same_way():
    one, other = (np.vstack(list(widen(VECTORS, 50, seed=1))) for _ in range(2))
    assert np.array_equal(one, other) and one.shape == (50, 16)


def test_vectors_that_lie_closer_together_have_higher_scores():
    queries = VECTORS[:10]
    close = unit(VECTORS + 3 * VECTORS[:1])
    assert difficulty(close, unit(queries + 3 * VECTORS[:1]))["score_100"] > difficulty(VECTORS, queries)["score_100"]


def test_the_speed_at_a_recall_lies_between_its_neighbours_and_is_none_where_it_is_not_reached():
    points = [{"recall": 0.9, "qps": 400.0}, {"recall": 1.0, "qps": 100.0}]
    assert abs(speed_at(points, 0.95) - 200.0) < 1e-9  # half-way between the logarithms of 400 and 100
    assert speed_at(points, 0.8) == 400.0 and speed_at(points[:1], 0.95) is None
