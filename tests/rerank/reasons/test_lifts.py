import numpy as np

from broadsheet.rerank.reasons.lifts import true_signals


def signals_of(lifts, *, new):
    (found,) = true_signals({name: np.array([lift]) for name, lift in lifts.items()}, np.array([new]))
    return found


def test_personal_reasons_come_first_then_what_others_do_then_age():
    lifts = {"freshness": 0.5, "popularity": 0.4, "trend": 0.3, "affinity": 0.1, "two_tower": 0.2, "relevance": -0.1}
    lifts["click_rate"] = 0.01  # less than a tenth of the largest lift: nobody would notice it
    assert signals_of(lifts, new=True) == ["two_tower", "affinity", "popularity", "trend", "freshness"]
    assert signals_of(lifts, new=False) == ["two_tower", "affinity", "popularity", "trend"]
    assert signals_of({"popularity": 0.0}, new=False) == [] and signals_of({}, new=True) == ["freshness"]


def test_the_signals_of_many_items_are_those_of_each():
    lifts = {"popularity": np.array([0.4, 0.0, 0.1]), "two_tower": np.array([0.0, 0.2, 0.1])}
    found = true_signals(lifts, np.array([False, True, False]))
    assert found == [["popularity"], ["two_tower", "freshness"], ["two_tower", "popularity"]]
