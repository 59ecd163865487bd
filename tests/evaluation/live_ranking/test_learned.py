import numpy as np
import pytest

from broadsheet.evaluation.live_ranking.learned import learn_weights
from broadsheet.rerank.learned_fusion import Lists


def lists_of(signals, clicked, length):
    count = len(clicked) // length
    values = {name: np.asarray(value, np.float64) for name, value in signals.items()}
    return Lists(values, np.asarray(clicked, np.bool_), np.full(count, length, np.int64))


def test_weights_are_those_under_which_the_clicks_are_most_likely():
    # In lists of two articles, one of signal 1 and one of 0, three of four clicks are on the former: log 3.
    lists = lists_of({"popularity": [1, 0] * 4, "trend": [0.5] * 8}, [1, 0, 1, 0, 1, 0, 0, 1], 2)
    assert learn_weights(lists) == {"popularity": pytest.approx(np.log(3), rel=1e-3), "trend": 0.0}


def test_a_signal_that_speaks_against_clicks_has_no_weight():
    lists = lists_of({"trend": [0, 1] * 4}, [1, 0, 1, 0, 1, 0, 0, 1], 2)
    assert learn_weights(lists) == {"trend": 0.0}
