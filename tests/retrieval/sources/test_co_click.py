import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.retrieval.sources.co_click import HALF_LIFE, READERS, STALE_SECONDS, CoClick, CoClicks, LastCoClicks
from tests.retrieval.readers import clicks_of, reader

SIZE = 5
SHOWN = np.zeros(SIZE, np.bool_)


def co_clicks(clicks, *histories, as_of=0.0):
    """What is found for each history as a mapping from row to score."""
    found = CoClicks(clicks_of(clicks), as_of, size=SIZE)([np.array(rows, np.int64) for rows in histories])
    return [dict(zip(rows.tolist(), scores.tolist(), strict=True)) for rows, scores in found]


def saturated(total):
    return pytest.approx(1 - np.exp(-total))


def test_the_score_saturates_with_the_cosine_of_who_clicked_the_one_and_the_other():
    # All just now. Reader 1 clicked N0 and N1, reader 2 N0, N1 and N2, reader 3 only N2. Clicks weigh 1 / sqrt(number):
    # N0 and N1 are (1/2, 1/3, 0) squared, N2 is (0, 1/3, 1) squared.
    now = -1e-6
    clicks = [(1, 0, now), (1, 1, now), (2, 0, now), (2, 1, now), (2, 2, now), (3, 2, now)]
    (found,) = co_clicks(clicks, [0])
    assert found == {0: saturated(1), 1: saturated(1), 2: saturated((1 / 3) / np.sqrt(5 / 6 * 4 / 3))}


def test_the_cosines_of_several_history_articles_are_summed():
    clicks = [(1, 0, -1e-6), (1, 2, -1e-6), (2, 1, -1e-6), (2, 2, -1e-6)]
    one, both = co_clicks(clicks, [0], [0, 1, 4])
    assert one[2] == saturated(1 / np.sqrt(2)) and both[2] == saturated(2 / np.sqrt(2))


def test_a_reader_who_clicks_much_and_long_ago_counts_for_less():
    def link(*others, age=0.0):
        clicks = [(1, 0, -1e-6 - age), (1, 1, -1e-6 - age), *((1, row, -1e-6) for row in others)]
        (found,) = co_clicks([*clicks, (2, 1, -1e-6), (3, 0, -1e-6)], [0])
        return found[1]

    assert link() > link(2) > link(2, 3) > link(2, 3, age=HALF_LIFE) > 0


def test_a_second_click_on_an_article_is_no_second_reader():
    once = [(1, 0, -1e-6), (1, 1, -1e-6)]
    assert co_clicks(once * 2, [0]) == [pytest.approx(found) for found in co_clicks(once, [0])]


@pytest.mark.parametrize("clicks", [[], [(1, 3, -1.0)], [(1, 0, -11 * HALF_LIFE), (1, 1, -11 * HALF_LIFE)]])
def test_without_a_history_or_clicks_on_it_that_still_count_nothing_is_found(clicks):
    assert co_clicks(clicks, [0], []) == [{}, {}]
    source = CoClick(SHOWN)
    assert source.propose(reader(history=[0]), 3).tolist() == []
    assert np.isnan(source(reader(history=[0]), np.arange(SIZE))).all()


def test_it_proposes_the_best_that_may_be_shown_and_knows_no_score_of_others():
    source = CoClick(np.arange(SIZE) == 4)
    fan = reader(excluded=[0], co_clicks={0: 0.9, 1: 0.2, 3: 0.5, 4: 0.8})
    assert source.propose(fan, 5).tolist() == [3, 1] and source.propose(fan, 1).tolist() == [3]
    scores = source(fan, np.array([3, 2, 4, 0]))
    assert scores[[0, 2, 3]].tolist() == [0.5, 0.8, 0.9] and np.isnan(scores[1])


def test_of_a_popular_article_the_readers_that_count_for_most_are_asked():
    latest = [(user, row, -1.0) for user in range(READERS) for row in (0, 1)]
    earlier = [(READERS + user, row, -HALF_LIFE) for user in range(50) for row in (0, 2)]
    (found,) = co_clicks([*latest, *earlier], [0])
    assert set(found) == {0, 1}
    (turned,) = co_clicks([*latest, *earlier], [2])
    assert set(turned) == {0, 2}


click = st.tuples(st.integers(0, 4), st.integers(0, SIZE - 1), st.integers(-(10**6), 10**6))


@given(st.lists(click, max_size=25), st.lists(st.lists(st.integers(0, SIZE - 1), unique=True), min_size=1, max_size=4))
def test_any_scores_are_above_0_below_1_and_a_reader_alone_gets_the_same(clicks, histories):
    found = co_clicks(clicks, *histories)
    for history, scores in zip(histories, found, strict=True):
        assert [scores] == [pytest.approx(other) for other in co_clicks(clicks, history)]
        assert all(0 < score < 1 for score in scores.values())


@given(st.lists(click, max_size=25), st.lists(click, max_size=5), st.lists(st.integers(0, SIZE - 1), unique=True))
def test_clicks_at_the_moment_or_later_change_nothing(clicks, planted, history):
    later = [(user, row, abs(time)) for user, row, time in planted]
    assert co_clicks([*later, *clicks], history) == [pytest.approx(found) for found in co_clicks(clicks, history)]


def test_while_clicks_come_in_the_counts_serve_for_a_minute_and_are_then_made_again():
    first = LastCoClicks(clicks_of([(1, 0, -5.0), (1, 1, -5.0)]))
    counted = first(0.0, size=SIZE)
    longer = LastCoClicks(clicks_of([(1, 0, -5.0), (1, 1, -5.0), (1, 2, -1.0)]), first)
    assert longer(1.0, size=SIZE) is counted and longer(STALE_SECONDS - 1, size=SIZE) is counted
    again = longer(STALE_SECONDS, size=SIZE)
    assert again is not counted and [len(rows) for rows, _ in again([np.array([2])])] == [3]
    assert first(1.0, size=SIZE) is not counted, "a log that stays as it is has the counts of each moment"
