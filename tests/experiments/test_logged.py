import numpy as np

from broadsheet.experiments.logged import read_logged
from broadsheet.experiments.looks import look_times, rates_at
from tests.support.logged_events import BEGAN, event, table

ARMS = ("control", "fresh")
X = {"experiment": "x", "shown": ["N1", "N2"]}


def read(*events):
    return read_logged(table(events), "x", ARMS)


PAGES = [
    event(1, "page", "ann", 0, "p1", arm="control", **X),
    event(2, "page", "ben", 1, "p2", arm="fresh", **X),
    event(3, "page", "ann", 2, "p3", arm="control", **X),
]


def test_pages_come_by_time_with_their_readers_and_arms():
    found = read(PAGES[2], PAGES[1], PAGES[0])
    assert found.readers.tolist() == ["ann", "ben"] and found.arms.tolist() == [0, 1]
    assert found.reader.tolist() == [0, 1, 0]
    assert (found.times - BEGAN.timestamp()).tolist() == [0, 3600, 7200]
    assert found.shown.to_pylist()[:2] == [{"page": 0, "news_id": "N1"}, {"page": 0, "news_id": "N2"}]


def test_a_page_that_is_logged_twice_and_an_article_that_is_clicked_twice_count_once():
    clicks = [event(4 + n, "click", "ben", 1.1 + n, "p2", news_id=news) for n, news in enumerate(["N1", "N1", "N2"])]
    found = read(*PAGES, event(9, "page", "ben", 5, "p2", arm="fresh", **X), *clicks)
    assert found.pages == 3 and found.clicks.pages.tolist() == [1, 1]
    assert ((found.clicks.times - BEGAN.timestamp()) / 3600).round(1).tolist() == [1.1, 3.1]


def test_what_was_taken_back_does_not_count():
    hide = event(4, "hide", "ann", 0.1, "p1", news_id="N1")
    assert read(*PAGES, hide).hides.pages.tolist() == [0]
    assert not len(read(*PAGES, hide, event(5, "undo", "ann", 0.2, None, undoes="e4")).hides.pages)


def test_a_reader_who_saw_two_arms_is_left_out_and_counted():
    both = event(4, "page", "ben", 3, "p4", arm="control", **X)
    found = read(*PAGES, both, event(5, "click", "ben", 3.1, "p4", news_id="N1"))
    assert (found.mixed, found.readers.tolist(), found.pages, len(found.clicks.pages)) == (1, ["ann"], 2, 0)
    assert found.first_seen.tolist() == [0, 1]


def test_pages_of_other_experiments_and_arms_are_left_out_and_several_experiments_are_told_apart():
    others = [
        event(4, "page", "cid", 3, "p4", arm="fresh", experiment="y", shown=["N1"]),
        event(5, "page", "dan", 3, "p5", arm="gone", **X),
        event(6, "page", "eve", 3, "p6", shown=["N1"]),
        event(7, "page", "fay", 4, "p7", arm="other,fresh", experiment="y,x", shown=["N1"]),
        event(8, "page", None, 4, "p8", arm="fresh", **X),
    ]
    found = read(*PAGES, *others)
    assert found.readers.tolist() == ["ann", "ben", "fay"] and found.arms.tolist() == [0, 1, 1]


def test_no_page_at_all_is_no_error():
    assert read().pages == read(event(1, "click", "ann", 0, "p1", news_id="N1")).pages == 0


def test_rates_at_each_look_are_those_of_the_pages_until_then():
    clicks = [event(4, "click", "ann", 0.5, "p1", news_id="N1"), event(5, "click", "ann", 2.5, "p3", news_id="N1")]
    found = read(*PAGES, *clicks)
    at = BEGAN.timestamp() + np.array([0.25, 1.5, 3.0]) * 3600
    looks = rates_at(found.of_arms, at, found.clicks)
    assert looks.mean[:, 0].tolist() == [0, 1, 1] and np.isnan(looks.mean[0, 1]) and looks.mean[2, 1] == 0
    assert looks.readers.tolist() == [[1, 0], [1, 1], [1, 1]] and looks.total[:, 0].tolist() == [0, 1, 2]
    numbers = rates_at(found.of_arms, at, np.array([0.5, np.nan, 1.5]))
    assert numbers.mean[2, 0] == 1.0 and np.isnan(numbers.mean[2, 1])
    assert len(look_times(found.times)) == 60 and look_times(found.times)[-1] == found.times[-1]
