"""What became of what was shown: the read that a click led to, and what was hidden because of the list."""

import numpy as np

from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CLICKS
from broadsheet.training.outcomes import Outcomes
from tests.support.impressions import impression_of
from tests.support.stage_contract import catalogue_of, hours, unit

NOON, SECOND = hours(0), 1 / 3600
CATALOGUE = catalogue_of(unit(np.eye(4)))  # N0 to N3
SHOWN, CLICKED = ["N0", "N1", "N2", "N3"], [True, True, False, True]


def outcomes_of(*events):
    """Outcomes of one list at noon, by events (user, article, seconds after noon, event, seconds read)."""
    names = ("user_id", "news_id", "time", "event", "dwell_seconds")
    rows = [
        dict(zip(names, (user, news, hours(after * SECOND), *rest), strict=True)) for user, news, after, *rest in events
    ]
    return Outcomes(from_rows(rows, CLICKS), [impression_of(CATALOGUE, "u", NOON, [], SHOWN, CLICKED)])


def test_a_click_has_the_longest_read_that_began_with_the_list_or_up_to_ten_minutes_later():
    became = outcomes_of(
        ("u", "N0", 0, "click", 40.0),
        ("u", "N0", 600, "click", 55.0),
        ("u", "N0", 601, "click", 900.0),  # another visit
        ("u", "N1", -1, "click", 30.0),  # before the list
        ("v", "N1", 5, "click", 30.0),  # another reader
        ("u", "N2", 5, "click", 30.0),  # not clicked in the list
        ("u", "N3", 5, "click", None),
    )
    (seconds,) = became.seconds()
    np.testing.assert_array_equal(seconds, [55, np.nan, np.nan, np.nan])


def test_what_the_reader_hides_within_a_day_was_hidden_because_of_the_list():
    day = 86400
    became = outcomes_of(
        ("u", "N0", 3, "hide", None),
        ("u", "N1", day + 1, "hide", None),
        ("u", "N2", -1, "hide", None),
        ("u", "N3", day, "hide", None),
    )
    (hidden,) = became.hidden()
    assert hidden.tolist() == [1, 0, 0, 1]


def test_a_corpus_whose_readers_hid_nothing_has_no_hides_to_learn_from():
    assert outcomes_of(("u", "N0", 0, "click", 40.0), ("v", "N1", 3, "hide", None)).hidden() is None
