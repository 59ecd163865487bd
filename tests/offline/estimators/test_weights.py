import numpy as np
import pytest

from broadsheet.offline.estimators import weights as of

WEIGHTS = np.array([0.0, 1.0, 4.0])


def test_bounded_weights_by_hand():
    assert of.clipped(WEIGHTS, 2).tolist() == [0, 1, 2]
    assert of.switched(WEIGHTS, 2).tolist() == [0, 1, 0]
    assert of.shrunk(WEIGHTS, 4).tolist() == [0, 0.8, 0.8]
    assert of.sub_gaussian(WEIGHTS, 0.25).tolist() == pytest.approx([0, 1, 4 / 1.75])


def test_the_ends_of_the_bounds():
    assert of.shrunk(WEIGHTS, 0).tolist() == [0, 0, 0]
    assert of.shrunk(WEIGHTS, np.inf).tolist() == WEIGHTS.tolist()
    assert of.sub_gaussian(WEIGHTS, 0).tolist() == WEIGHTS.tolist()
    assert of.sub_gaussian(WEIGHTS, 1).tolist() == [0, 1, 1]


def test_the_effective_size_is_the_number_of_rounds_only_if_weights_are_equal():
    assert of.effective_size(np.full(5, 2.0)) == 5
    assert of.effective_size(np.array([3.0, 1.0])) == 1.6
    assert of.effective_size(np.zeros(3)) == 0


def test_the_overlap_is_the_mass_where_the_log_has_a_chance():
    evaluation, propensity = np.array([0.5, 0.5, 0.9, 0.1]), np.array([1.0, 0.0, 0.5, 0.5])
    assert of.overlap(evaluation, propensity, np.array([0, 2, 4])) == 0.75


def test_the_weight_of_a_cluster_is_the_ratio_of_its_sums():
    evaluation, propensity = np.array([0.6, 0.1, 0.3, 0.5, 0.5]), np.array([0.2, 0.2, 0.6, 0.25, 0.75])
    clusters, offsets, chosen = np.array([7, 7, 8, 7, 8]), np.array([0, 3, 5]), np.array([1, 1])
    found = of.cluster_weights(evaluation, propensity, clusters, offsets, chosen)
    assert found.tolist() == pytest.approx([0.7 / 0.4, 0.5 / 0.75])


def test_clusters_of_one_article_each_have_the_weights_of_the_articles():
    evaluation, propensity = np.array([0.6, 0.4]), np.array([0.2, 0.8])
    found = of.cluster_weights(evaluation, propensity, np.arange(2), np.array([0, 2]), np.array([0]))
    assert found.tolist() == pytest.approx([3])
