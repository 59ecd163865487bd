"""What acts are worth, with numbers worked out by hand."""

import numpy as np

from broadsheet.config.acts import ActsConfig, ActsInPopularity
from broadsheet.corpus.click_log import read_click_log
from broadsheet.corpus.worth import weighed
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CLICKS
from tests.support.stage_contract import catalogue_of, hours

CATALOGUE = catalogue_of(np.eye(3))


def act(news_id, hour, event="click", seconds=None):
    return {"user_id": "a", "news_id": news_id, "time": hours(hour), "event": event, "dwell_seconds": seconds}


def log_of(*rows, **popularity):
    settings = ActsConfig(popularity=ActsInPopularity(**popularity))
    return read_click_log(from_rows(rows, CLICKS), CATALOGUE, settings)


def counted(log):
    worth = log.counted
    return [
        (row, time - hours(0).timestamp(), weight)
        for row, time, weight in zip(worth.rows, worth.times, worth.weights, strict=True)
    ]


def test_by_default_each_act_of_reading_counts_one_and_a_hide_nothing():
    log = log_of(act("N1", 1, seconds=500), act("N0", 2, "like"), act("N0", 3, "hide"))
    assert log.worth is None
    assert counted(log) == [(1, 3600, 1), (0, 7200, 1)]


def test_each_act_counts_what_the_settings_say_and_the_clicks_of_the_log_stay_as_they_are():
    acts = act("N1", 1), act("N0", 2, "share"), act("N2", 3, "hide"), act("N2", 4, "dislike"), act("N2", 5, "save")
    log = log_of(*acts, act("GONE", 1), share=3.0, hide=-2.0, save=0.0)
    assert counted(log) == [(1, 3600, 1), (0, 7200, 3), (2, 10800, -2)]
    assert log.rows.tolist() == [1, 0, 2], "the clicks themselves, of which the hide is none"


def test_a_read_is_long_or_short_from_its_end_on():
    log = log_of(
        act("N0", 1, seconds=90), act("N1", 1, seconds=2), act("N2", 1, seconds=30), long_read=3, short_read=-1
    )
    assert counted(log) == [(0, 3600, 1), (1, 3600, 1), (2, 3600, 1), (1, 3602, -2), (0, 3690, 2)]
    before = log.before(hours(1).timestamp() + 60)
    assert counted(before)[-1] == (1, 3602, -2) and len(before) == 3, "nobody knows yet how long N0 is read"


def test_the_length_of_a_read_multiplies_what_its_act_counts():
    assert counted(log_of(act("N0", 0, "like", 60), like=2.0, long_read=2.5)) == [(0, 0, 2), (0, 60, 3)]
    assert counted(log_of(act("N0", 0, "hide", 60), hide=-1.0, long_read=2.5)) == [(0, 0, -1)], "no read"


def test_a_log_of_moved_articles_moves_what_their_acts_are_worth():
    log = log_of(act("N0", 1), act("N1", 2, "share"), share=5.0).moved(np.array([7, 8, 9]))
    assert log.rows.tolist() == [7, 8] and counted(log) == [(7, 3600, 1), (8, 7200, 5)]


def test_sums_are_those_of_each_article_and_no_acts_are_worth_nothing():
    settings = ActsConfig(popularity=ActsInPopularity(share=0.5))
    rows, times = np.array([2, 0, 2]), np.array([3.0, 2.0, 1.0])
    worth = weighed(rows, ["click", "share", "click"], times, np.full(3, np.nan), settings)
    assert worth.sums(4).tolist() == [0.5, 0, 2, 0] and worth.times.tolist() == [1, 2, 3]
    nothing = weighed(rows[:0], [], times[:0], times[:0], settings)
    assert nothing.sums(2).tolist() == [0, 0]
