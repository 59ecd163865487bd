import numpy as np
import pytest

from broadsheet.corpus.click_log import make_click_log
from broadsheet.errors import CorpusError
from broadsheet.evaluation.simulation.behaviour import Behaviour
from broadsheet.evaluation.simulation.readers import PAGES_A_DAY, Readers, drifted, make_readers
from broadsheet.evaluation.simulation.truth import Truth
from broadsheet.evaluation.simulation.world import DAY, _known, first_day, published_times


def truth(count=40):
    words = np.repeat(np.eye(2, dtype=np.float32), count // 2, axis=0)
    return Truth(words, np.zeros(count), np.arange(count), np.linspace(0, DAY, count, endpoint=False))


def test_the_same_seed_gives_the_same_readers_and_another_seed_other_readers():
    one, again, other = (make_readers(truth(), DAY, 30, seed) for seed in (0, 0, 1))
    assert one.histories == again.histories and np.array_equal(one.tastes, again.tastes)
    assert one.histories != other.histories


def test_a_reader_with_a_real_history_has_the_taste_of_it():
    found = make_readers(truth(), DAY, 2, 0, [[3, 4]])
    assert found.histories[0] == [3, 4] and found.tastes[0].tolist() == [1.0, 0.0]
    assert len(found.histories[1]) == 10


def test_readers_ask_for_their_pages_over_a_day_whatever_their_hour():
    mean = np.full(4000, PAGES_A_DAY)
    tastes = np.zeros((4000, 2), np.float32)
    people = Readers(tastes, [], mean, np.random.default_rng(0).uniform(0, 24, 4000), (0.0, 1.0))
    pages = sum(people.come(hour, 1.0, np.random.default_rng(hour)).sum() for hour in range(24))
    # Each hour has a page at most, so that a few pages of the busiest hours are lost.
    assert 0.85 * PAGES_A_DAY < pages / 4000 < PAGES_A_DAY


def test_a_taste_moves_towards_an_article_of_the_day_before_and_stays_of_length_1():
    world, tastes = truth(), np.array([[1.0, 0.0]], np.float32)
    late = Truth(world.words, world.quality, world.events, np.where(world.words[:, 1] > 0, 0.5 * DAY, -9 * DAY))
    moved = drifted(tastes, late, Behaviour(drift=0.75), DAY, np.random.default_rng(0))
    assert moved[0] == pytest.approx([0.8, 0.6])
    assert drifted(tastes, late, Behaviour(), -DAY * 20, np.random.default_rng(0)).tolist() == [[1.0, 0.0]]


def test_articles_of_whole_days_get_times_of_their_days_and_unknown_times_never_come():
    times = published_times(np.array([0.0, DAY, np.nan]), 0)
    assert 0 <= times[0] < DAY <= times[1] < 2 * DAY and np.isinf(times[2])
    assert published_times(np.array([0.0, DAY + 60]), 0).tolist() == [0.0, DAY + 60]


def test_the_days_end_with_that_of_the_last_article_and_need_articles_before_them():
    times = np.array([0.5, 3.2, 4.9]) * DAY
    assert first_day(times, 2) == 3 * DAY
    with pytest.raises(CorpusError, match="none of them before the last 9 days"):
        first_day(times, 9)


def test_real_readers_are_those_with_enough_articles_and_their_newest_count():
    users, rows = np.array([0] * 6 + [1] * 4 + [2] * 30), np.array([*range(6), *range(4), *range(30)])
    log = make_click_log(users, rows, np.arange(40.0))
    assert sorted(_known(log, 9, 0)) == [[*range(6)], [*range(10, 30)]]
    assert len(_known(log, 1, 0)) == 1
