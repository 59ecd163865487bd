import numpy as np
import pytest

from broadsheet.experiments.statistics.ratios import difference, rate


def test_a_rate_has_the_error_of_its_readers():
    # clicks 1 and 3 on two pages each: 1 a page; the readers are -1 and 1 clicks away, of 4 pages: error 0.5
    assert rate(np.array([1, 3]), np.array([2, 2])) == pytest.approx((1.0, 0.5))
    assert np.isnan(rate(np.array([1]), np.array([2])).error)


def test_a_difference_is_the_treated_readers_less_the_others():
    found = difference(np.array([1, 3, 4, 8]), np.array([2, 2, 2, 2]), np.array([0, 0, 1, 1]))
    assert found.mean == pytest.approx(3 - 1) and found.error == pytest.approx(np.sqrt(0.5**2 + 1**2))


def test_a_covariate_that_says_all_leaves_the_effect_alone_without_an_error():
    before = np.array([1.0, 2, 3, 4, 1, 3, 4, 6])
    treated = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    pages = np.ones(8)
    found = difference(before + 2 * treated, pages, treated, before[:, None])
    assert found.mean == pytest.approx(2) and found.error == pytest.approx(0, abs=1e-12) and found.explained == 1
    assert difference(before + 2 * treated, pages, treated).mean == pytest.approx(3)  # 5.5 - 2.5: chance counts too


def test_covariates_make_the_error_smaller_and_keep_the_mean_right():
    rng = np.random.default_rng(0)
    plain, adjusted = [], []
    for _ in range(200):
        taste, treated = rng.gamma(2, 1, 400), rng.random(400) < 0.5
        pages = rng.poisson(5, 400) + 1
        clicks = rng.poisson(pages * taste * 0.1 * (1 + 0.2 * treated))
        before = rng.poisson(100 * taste * 0.1).astype(float)
        before[:20] = np.nan  # readers who are new
        plain.append(difference(clicks, pages, treated))
        adjusted.append(difference(clicks, pages, treated, np.stack([before, np.ones(400)], axis=1)))
    assert np.mean([one.mean for one in adjusted]) == pytest.approx(0.04, abs=0.004)
    assert np.std([one.mean for one in adjusted]) < 0.9 * np.std([one.mean for one in plain])
    assert np.mean([one.error for one in adjusted]) == pytest.approx(np.std([one.mean for one in adjusted]), rel=0.15)
    assert 0.15 < np.mean([one.explained for one in adjusted]) < 0.6


def test_too_few_readers_have_no_error_and_an_arm_without_pages_no_rate():
    assert np.isnan(difference(np.array([1, 2]), np.array([1, 1]), np.array([0, 1])).error)
    assert np.isnan(difference(np.zeros(4), np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])).mean)
