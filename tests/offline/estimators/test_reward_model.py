import numpy as np
import pytest

from broadsheet.offline.estimators.reward_model import FOLDS, by_article, by_features, folds_of


def test_a_reader_is_in_one_fold_and_folds_are_even():
    readers = np.repeat(np.arange(100), 3)
    folds = folds_of(readers)
    assert all(len({*folds[readers == reader]}) == 1 for reader in range(100))
    assert np.bincount(folds).tolist() == [60] * FOLDS


def test_an_article_is_predicted_by_the_other_folds_smoothed():
    readers = np.arange(10)  # two rounds in each fold
    shown, rewards = np.zeros(10, np.int64), np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    found = by_article(shown, np.array([0, 1]), rewards, np.array([0, 0]), readers)
    same = folds_of(readers) == folds_of(readers)[0]
    assert found.shown[same].tolist() == [0, 0]  # the only click is not known to its own fold
    assert found.shown[~same].tolist() == pytest.approx([(1 + 20 / 8) / 28] * 8)
    assert found.candidates.tolist() == [0, 0]


def test_an_article_that_was_never_shown_has_the_mean_reward():
    readers, rewards = np.arange(10), np.array([1.0, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    found = by_article(np.zeros(10, np.int64), np.array([3]), rewards, np.array([0]), readers)
    others = folds_of(readers) != folds_of(readers)[0]
    assert found.candidates[0] == pytest.approx(rewards[others].mean())


def test_features_that_say_the_reward_are_learned_from_other_readers():
    rng = np.random.default_rng(0)
    shown = rng.normal(size=(2000, 2))
    rewards = 0.5 + 0.1 * shown[:, 0]
    found = by_features(shown, np.array([[1.0, 0], [-1.0, 5]]), rewards, np.array([0, 1]), np.arange(2000))
    assert found.candidates.tolist() == pytest.approx([0.6, 0.4], abs=0.01)
    assert found.shown == pytest.approx(rewards, abs=0.02)


def test_predictions_stay_within_the_rewards_and_a_constant_feature_harms_nothing():
    shown = np.column_stack([np.ones(50), np.arange(50.0)])
    found = by_features(shown, np.array([[1.0, 1e6]]), (np.arange(50) > 25) * 1.0, np.zeros(1, np.int64), np.arange(50))
    assert found.candidates.tolist() == [1]
    assert found.shown.min() >= 0
