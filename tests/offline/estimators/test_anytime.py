import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators.anytime import anytime


def log(rounds, rng, most=10.0):
    weight = np.where(rng.random(rounds) < 0.5 / (most - 0.5), most, 0.5)  # 0.5 or `most`; the mean is 1
    return (rng.random(rounds) < 0.1).astype(float), weight


def test_the_true_value_is_inside_after_every_round_looked_at():
    rng, outside = np.random.default_rng(0), {None: 0, 10.0: 0}
    for _ in range(100):
        reward, weight = log(800, rng)
        for largest in outside:
            looks = [anytime(reward[:end], weight[:end], largest) for end in (10, 50, 200, 800)]
            outside[largest] += not all(low <= 0.1 <= high for low, high in looks)
    assert max(outside.values()) <= 5


def test_it_narrows_as_rounds_come_and_more_if_the_largest_weight_is_known():
    reward, weight = log(20_000, np.random.default_rng(1))
    short, long, known = anytime(reward[:500], weight[:500]), anytime(reward, weight), anytime(reward, weight, 10.0)
    assert short.low <= long.low <= 0.1 <= known.high < long.high < short.high
    assert known.high - known.low < 0.05


def test_without_rounds_it_is_everything():
    assert anytime(np.zeros(0), np.zeros(0)) == (0, 1)
    assert anytime(np.zeros(1), np.ones(1)) == pytest.approx((0, 1))


def test_rewards_beyond_0_to_1_are_refused():
    with pytest.raises(InputError, match="found 0 to 30, expected 0 to 1"):
        anytime(np.array([0.0, 30.0]), np.ones(2))
