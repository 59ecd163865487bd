import numpy as np
import pytest

from broadsheet.evaluation.off_policy.simulated_pages import draw_pages, make_pages
from broadsheet.evaluation.off_policy.simulated_rounds import ARTICLES, draw_rounds, make_rounds

MANY = 30_000


@pytest.mark.parametrize("is_uniform", [False, True])
def test_ips_on_a_long_log_is_the_value_that_the_world_says(is_uniform):
    world = make_rounds(0, is_uniform=is_uniform)
    log = draw_rounds(world, MANY, np.random.default_rng(0))
    assert (log.weight * log.reward).mean() == pytest.approx(world.value, rel=0.1)
    assert log.weight.mean() == pytest.approx(1, abs=0.05)
    chances = log.candidates.propensity.reshape(MANY, ARTICLES)
    assert chances.sum(axis=1) == pytest.approx(np.ones(MANY))
    assert np.array_equal(log.candidates.propensity[log.candidates.places], log.propensity)


def test_a_reader_comes_several_times_with_the_same_context():
    log = draw_rounds(make_rounds(0), 20, np.random.default_rng(0))
    assert log.readers.tolist() == np.repeat(np.arange(4), 5).tolist()
    assert (log.candidates.features.reshape(20, -1)[:5] == log.candidates.features.reshape(20, -1)[0]).all()


@pytest.mark.parametrize("cascade", [False, True])
def test_every_kind_of_weight_of_pages_averages_1_and_gives_the_value(cascade):
    world = make_pages(0, cascade=cascade)
    log = draw_pages(world, MANY, np.random.default_rng(0))
    above = np.cumprod(log.evaluation_conditional / log.conditional, axis=1)
    assert (log.evaluation / log.propensity).mean(axis=0) == pytest.approx(np.ones(4), abs=0.03)
    assert above.mean(axis=0) == pytest.approx(np.ones(4), abs=0.05)
    assert (above * log.reward).sum(axis=1).mean() == pytest.approx(world.value, rel=0.06)
