import numpy as np
import pytest

from broadsheet.evaluation.simulation.truth import reduce_columns, same_events, word_vectors


def test_texts_with_the_same_words_are_alike_and_others_are_not():
    texts = ["storm over Norway", "over Norway: STORM!", "storm over Denmark", "minister loses vote"]
    words = word_vectors(texts)
    assert np.linalg.norm(words, axis=1) == pytest.approx(np.ones(4))
    assert words[0] @ words[1] == pytest.approx(1.0)
    assert abs(words[0] @ words[3]) < 0.01 < words[0] @ words[2] < 1


def test_an_article_belongs_to_the_event_of_the_article_before_it_that_is_most_alike_and_near_in_time():
    words = np.array([[1, 0], [1, 0], [0, 1], [1, 0]], np.float32)
    days = np.array([0.0, 1.0, 1.0, 6.0]) * 86400
    assert same_events(words, days).tolist() == [0, 0, 2, 3]


@pytest.mark.parametrize("shape", [(30, 50), (50, 30)], ids=["few rows", "many rows"])
def test_rows_are_reduced_to_the_directions_in_which_they_differ_most(shape):
    rows = np.random.default_rng(0).normal(size=shape)
    left, sizes, right = np.linalg.svd(rows, full_matrices=False)
    nearest = (left[:, :4] * sizes[:4]) @ right[:4]  # of all matrices of rank 4
    found = reduce_columns(rows, 4)
    assert found.shape == (len(rows), 4) and found @ found.T == pytest.approx(nearest @ nearest.T)


def test_rows_with_fewer_directions_are_filled_up_with_0():
    found = reduce_columns(np.array([[3.0, 4.0, 0.0]]), 2)
    assert np.abs(found) == pytest.approx(np.array([[5.0, 0.0]]))
