"""Sequences beside those of ville 0.1.0, which were recorded after the 10th, the 100th and the 400th value."""

import numpy as np
import pytest

from broadsheet.experiments.statistics.bounded import betting, empirical_bernstein
from broadsheet.experiments.statistics.mixture import p_value, radius, radius_of_one_side
from broadsheet.experiments.statistics.sample_ratio import sample_ratio
from broadsheet.experiments.statistics.signs import sign_p_value, sign_sequence

NUMBER = np.arange(1, 401)
SIGNS = (NUMBER * 7919 % 10 < 3).astype(float)
SHARES = NUMBER * 7919 % 101 / 100
REALS = np.sin(NUMBER * NUMBER) + 0.2
AT = [9, 99, 399]


def near(found, recorded):
    assert np.asarray(found)[AT] == pytest.approx(recorded, abs=1e-9)


def test_the_empirical_bernstein_sequence():
    found = empirical_bernstein(SHARES)
    near(found.low, [0.0, 0.397131536137, 0.450147411425])
    near(found.high, [1.0, 0.61208316234, 0.550613166474])


def test_the_betting_sequence():
    found = betting(SHARES)
    near(found.low, [0.204, 0.419, 0.454])
    near(found.high, [0.73, 0.587, 0.548])


def test_the_asymptotic_sequence():
    mean = np.cumsum(REALS) / NUMBER
    spread = np.array([REALS[:end].std(ddof=1) if end > 1 else np.nan for end in NUMBER])
    reach = radius(spread / np.sqrt(NUMBER), spread / np.sqrt(60.88679014904041))
    near(mean - reach, [-1.48564728752, -0.0203950120973, 0.100274824175])
    near(mean + reach, [1.46860184843, 0.452073741032, 0.315901836481])


def test_the_mixture_sequential_probability_ratio_test():
    near(
        p_value(np.cumsum(REALS) / NUMBER, 1 / np.sqrt(NUMBER), 0.1), [0.999605630279, 0.374465517642, 0.00147688420776]
    )


def test_the_boundary_of_one_side():
    seen = np.array([10.0, 100.0, 1000.0])
    found = radius_of_one_side(1 / np.sqrt(seen), 50**-0.5) * seen
    assert found == pytest.approx([16.9986309651, 29.2932243716, 89.6556138056], rel=1e-10)


def test_the_sign_test():
    wins = np.cumsum(SIGNS)
    near(sign_p_value(wins, NUMBER, 1.0), [0.0625, 0.000456111533359, 1.86679802446e-14])
    found = sign_sequence(wins, NUMBER, prior=1.0)
    near(found.low, [0.0366402903755, 0.169446478044, 0.225985246815])
    near(found.high, [0.515687457037, 0.43657971828, 0.376495780258])


def test_the_alarm_of_a_broken_split():
    counts = np.stack([np.cumsum(SIGNS), np.cumsum(1 - SIGNS)], axis=1)
    near(sample_ratio(counts, np.array([0.25, 0.75])), [0.993059386753, 0.993059386753, 0.567779423149])
