import numpy as np
import pytest

from broadsheet.errors import CorpusError
from broadsheet.evaluation.ranking.calibration import (
    ISOTONIC,
    NOTES,
    PLATT,
    SAME_DATA,
    describe_calibration,
    isotonic,
    measure_calibration,
    platt,
)
from broadsheet.metrics.calibration import calibration_error
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, fit_fusion
from broadsheet.training.fusion_recipe import FOLDS, folds_of

IMPRESSIONS, SHOWN = 300, 6


def make_lists(seed, impressions=IMPRESSIONS):
    """Impressions in which a signal decides, by a threshold, how likely a click is: 0.1 or 0.7."""
    rng = np.random.default_rng(seed)
    signal = rng.random(impressions * SHOWN)
    clicked = rng.random(len(signal)) < np.where(signal > 0.6, 0.7, 0.1)
    return Lists({"two_tower": signal}, clicked, np.full(impressions, SHOWN))


@pytest.fixture(scope="module")
def calibrated():
    learn, check = make_lists(0), make_lists(1)
    learned = [fit_fusion(learn, ["two_tower"], FusionRecipe(), (seed,)) for seed in (0, 1)]
    readers = [f"U{number % 100}" for number in range(IMPRESSIONS)]
    return learned, check, measure_calibration(learned, learn, readers, check)


def test_all_of_a_reader_is_in_one_fold_and_folds_are_of_one_size():
    readers = [f"U{number % 50}" for number in range(200)]
    folds = folds_of(readers)
    assert sorted(np.bincount(folds)) == [200 // FOLDS] * FOLDS
    assert all(len({fold for fold, one in zip(folds, readers, strict=True) if one == name}) == 1 for name in readers)


def test_one_reader_alone_cannot_be_held_out():
    with pytest.raises(CorpusError, match=r"^fusion: found impressions of 1 reader .* 2 or more. Name a split"):
        folds_of(["U1", "U1"])


def test_isotonic_pools_what_falls_and_is_constant_beyond():
    curve = isotonic(np.array([1.0, 2.0, 3.0, 3.0]), np.array([True, False, True, True]))
    np.testing.assert_allclose(curve(np.array([0.0, 1.0, 2.0, 2.5, 3.0, 9.0])), [0.5, 0.5, 0.5, 0.75, 1.0, 1.0])


def test_isotonic_agrees_with_scikit_learn():
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(0)
    scores, asked = rng.integers(0, 40, 500) / 7, rng.normal(3, 3, 200)
    clicked = rng.random(500) < scores / 8
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, clicked)
    np.testing.assert_allclose(isotonic(scores, clicked)(asked), theirs.predict(asked), atol=1e-12)


def test_platt_finds_the_logistic_function_behind_clicks():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, 200_000)
    clicked = rng.random(len(scores)) < 1 / (1 + np.exp(-(2 * scores - 1)))
    np.testing.assert_allclose(platt(scores, clicked)(np.array([0.0, 1.0])), [0.269, 0.731], atol=0.01)


def test_platt_on_the_same_data_is_what_the_fusion_itself_says(calibrated):
    learned, check, found = calibrated
    for fusion, ours in zip(learned, found.probabilities[SAME_DATA], strict=True):
        np.testing.assert_array_equal(ours, fusion.probability(fusion(check.signals)))


def test_what_two_levels_hold_is_told_by_isotonic_regression(calibrated):
    _, check, found = calibrated
    for ours in found.probabilities[ISOTONIC]:
        likely = check.signals["two_tower"] > 0.6
        assert ours[likely].mean() == pytest.approx(0.7, abs=0.06) and ours[~likely].mean() == pytest.approx(
            0.1, abs=0.06
        )
        assert calibration_error(ours, check.clicked) < 0.06
    assert all(0 <= one <= 0.06 for one in found.held_out[ISOTONIC])


def test_the_report_holds_every_way_with_its_groups(calibrated):
    _, check, found = calibrated
    offsets = np.arange(0, IMPRESSIONS * SHOWN + 1, SHOWN)
    bootstrap = Bootstrap(np.arange(IMPRESSIONS), np.random.default_rng(0), 200)
    document = describe_calibration(found, check.clicked, offsets, bootstrap)
    assert list(document["ways"]) == list(NOTES) and document["bins"] == 10 and "equal size" in document["definition"]
    way = document["ways"][PLATT]
    assert way["error"] == pytest.approx(np.mean([run["error"] for run in way["runs"]]), abs=1e-4)
    assert [one["shown"] for one in way["groups"]] == [IMPRESSIONS * SHOWN // 10] * 10
    assert all(one["low"] <= one["mean"] <= one["high"] for one in way["groups"])
    gaps = [abs(one["probability"] - one["mean"]) for one in way["groups"]]
    assert np.mean(gaps) == pytest.approx(way["runs"][0]["error"], abs=5e-3)  # which shares the clicks of equal ones
