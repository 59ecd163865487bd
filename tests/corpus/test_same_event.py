import numpy as np

from broadsheet.corpus.same_event import DAY, of_one_event

TIMES = np.array([0.0, 3 * DAY, 3 * DAY + 1, -3 * DAY, np.nan])


def test_articles_of_one_event_are_alike_and_published_within_so_many_days():
    likeness = np.array([0.8, 0.9, 1.0, 0.79, 0.8], np.float32)
    found = of_one_event(likeness, TIMES, 0.0, similarity=np.float32(0.8), days=3.0)
    assert found.tolist() == [True, True, False, False, True]


def test_an_unknown_time_rules_nothing_out():
    found = of_one_event(np.ones(5, np.float32), TIMES, float("nan"), similarity=0.8, days=3.0)
    assert found.all()
