import numpy as np
import pytest

from broadsheet.evaluation.simulation.behaviour import (
    Appeal,
    Behaviour,
    Luck,
    appeal_of,
    best_pages,
    draw_luck,
    expected_clicks,
    goes_on,
    read_pages,
)

SHORT, LONG = np.log(1e-6), np.log(1e6)  # reads that are never, and always, long


def appeal(clicks, log_seconds=SHORT, matches=0.0):
    clicks = np.array([clicks], np.float64)
    return Appeal(clicks, np.full(clicks.shape, log_seconds), np.full(clicks.shape, matches))


def luck(looks, clicks, hides=1.0):
    shape = (1, len(looks))
    return Luck(np.array([looks]), np.array([clicks]), np.zeros(shape), np.full(shape, hides), np.ones(shape))


def test_the_log_odds_of_a_click_are_a_sum_of_taste_quality_and_age_less_what_tires():
    behaviour = Behaviour(base=-2.0, taste=1.0, quality=0.5, fresh=1.0, fresh_hours=24.0)
    found = appeal_of(behaviour, np.array([[1.0]]), np.array([[2.0]]), np.array([[24.0]]), np.array([[0.5]]))
    assert found.clicks[0, 0] == pytest.approx(0.5)  # -2 + 1 + 1 + 0.5 - 0.5 = 0


def test_a_reader_goes_on_with_patience_and_less_after_a_long_read():
    behaviour = Behaviour(patience=0.9, after_long_read=0.5)
    assert goes_on(behaviour, appeal([0.5], LONG))[0, 0] == pytest.approx(0.7)  # 0.5 * 0.5 + 0.5 * 0.9
    assert goes_on(behaviour, appeal([0.5], SHORT))[0, 0] == pytest.approx(0.9)


def test_the_mean_clicks_of_a_page_weigh_each_slot_by_the_chance_that_it_is_seen():
    behaviour = Behaviour(patience=0.9, after_long_read=0.5)
    # 0.5 + 0.7 * 0.2 + 0.7 * (0.2 * 0.5 + 0.8 * 0.9) * 0.1
    assert expected_clicks(behaviour, appeal([0.5, 0.2, 0.1], LONG))[0] == pytest.approx(0.5 + 0.14 + 0.0574)


def test_the_mean_clicks_are_those_of_many_readings():
    rng, behaviour = np.random.default_rng(0), Behaviour()
    one = appeal_of(behaviour, np.linspace(2, -1, 6)[None], np.zeros((1, 6)), np.zeros((1, 6)), np.zeros((1, 6)))
    many = Appeal(*(np.repeat(values, 40_000, axis=0) for values in vars(one).values()))
    clicks = read_pages(behaviour, many, draw_luck(rng, 40_000, 6)).clicked.sum(axis=1)
    assert clicks.mean() == pytest.approx(expected_clicks(behaviour, one)[0], abs=4 * clicks.std() / 200)


def test_a_reader_reads_from_the_top_and_sees_nothing_below_the_slot_where_the_reading_ends():
    found = read_pages(Behaviour(patience=0.9), appeal([0.2] * 4), luck([0.1, 0.95, 0.1, 0.1], [0.1, 0.9, 0.1, 0.1]))
    assert found.looked.tolist() == [[True, True, False, False]]
    assert found.clicked.tolist() == [[True, False, False, False]] and (found.seconds > 0).tolist() == [
        [True, False, False, False]
    ]


def test_only_an_article_that_was_seen_and_not_clicked_is_hidden():
    chance = luck([0.1, 0.95, 0.1], [0.1, 0.9, 0.9], hides=0.5)
    found = read_pages(Behaviour(hide=1.0), appeal([0.2] * 3, matches=-5.0), chance)
    assert found.hidden.tolist() == [[False, True, False]]


def test_the_best_page_has_the_likeliest_articles_and_the_best_order_of_them():
    behaviour, rng = Behaviour(after_long_read=0.2), np.random.default_rng(1)
    clicks = rng.uniform(0.05, 0.6, (1, 5))
    several = Appeal(clicks, rng.normal(np.log(30), 1, (1, 5)), np.zeros((1, 5)))
    best = best_pages(behaviour, several, 5)
    value = expected_clicks(behaviour, several.at(best))[0]
    others = [expected_clicks(behaviour, several.at(rng.permutation(5)[None]))[0] for _ in range(200)]
    assert value >= max(others) - 1e-12
    assert set(best_pages(behaviour, several, 2)[0]) == set(np.argsort(-clicks[0])[:2])
