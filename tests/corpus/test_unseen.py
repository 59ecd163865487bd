import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, exposures_of, join_exposures, make_exposures, no_exposures
from broadsheet.corpus.unseen import Unseen
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import IMPRESSIONS
from tests.support.stage_contract import NOON, catalogue_of

NOW = 1e9
READERS = ("ann", "bob")


def shown(*showings):
    """Exposures from (reader, row, hours before now, clicked)."""
    who, rows, hours, clicked = zip(*showings, strict=True) if showings else ((), (), (), ())
    users = np.array([READERS.index(one) if one in READERS else -1 for one in who], np.int64)
    times = NOW - HOUR * np.array(hours, float)
    return make_exposures(np.array(rows, np.int64), times, np.array(clicked, np.int8), None, users, READERS)


def unseen(exposures, reader="ann", rows=(0, 1, 2), as_of=NOW, history=()):
    return Unseen(exposures)(reader, history, np.array(rows, np.int64), as_of).tolist()


def test_it_falls_with_each_time_that_the_reader_passed_the_article_over():
    found = unseen(shown(("ann", 0, 3, 0), ("ann", 0, 2, 0), ("ann", 1, 1, 0), ("bob", 2, 1, 0)))
    assert found == pytest.approx([1 / 3, 1 / 2, 1])


def test_a_showing_that_was_clicked_or_that_nobody_labelled_is_not_passing_over():
    assert unseen(shown(("ann", 0, 3, 1), ("ann", 1, 2, -1), ("ann", 2, 1, 0))) == pytest.approx([1, 1, 1 / 2])


def test_what_the_reader_read_has_0_and_what_no_known_list_showed_has_1():
    assert unseen(shown(("ann", 0, 1, 0)), history=[0, 2]) == [0, 1, 0]
    assert unseen(no_exposures(), history=[2]) == [1, 1, 0]


def test_it_is_absent_for_a_reader_of_whom_neither_a_list_nor_a_history_is_known():
    assert np.isnan(unseen(shown(("bob", 0, 1, 0)))).all()
    assert np.isnan(unseen(shown(("bob", 0, 1, 0)), "eve")).all()
    assert np.isnan(unseen(no_exposures())).all()
    assert np.isnan(unseen(make_exposures(np.array([0]), np.array([NOW - 1]), np.array([0], np.int8)))).all()


def test_showings_of_the_moment_and_showings_older_than_the_window_do_not_count():
    edges = [("ann", 0, WINDOW_HOURS, 0), ("ann", 1, WINDOW_HOURS + 0.01, 0), ("ann", 2, 0, 0)]
    assert unseen(shown(*edges)) == pytest.approx([1 / 2, 1, 1])


events = st.tuples(st.sampled_from(["ann", "bob", "?"]), st.integers(0, 2), st.integers(-50, 250), st.integers(-1, 1))


@settings(max_examples=40)
@given(st.lists(events, max_size=40), st.lists(events, max_size=10))
def test_it_counts_as_a_loop_over_the_showings_would_and_knows_nothing_of_later_showings(before, planted):
    later = [(who, row, -abs(hours), clicked) for who, row, hours, clicked in planted]
    known = [one for one in before if one[0] == "ann" and 0 < one[2] <= WINDOW_HOURS and one[3] >= 0]
    passed = [sum(one[1] == row and one[3] == 0 for one in known) for row in range(3)]
    expected = [1 / (1 + count) if known else np.nan for count in passed]
    np.testing.assert_allclose(unseen(shown(*before, *later)), expected, rtol=1e-6)


def test_readers_keep_their_names_where_parts_are_joined():
    def row(number, user):
        about = {"impression_id": str(number), "user_id": user, "time": NOON, "history": [], "propensity": None}
        return {**about, "shown": ["N1", "gone", "N0"], "clicked": [True, False, False]}

    tables = [[row(0, "bob"), row(1, "eve")], [row(2, "ann"), row(3, "bob")]]
    found = join_exposures([exposures_of(from_rows(rows, IMPRESSIONS), catalogue_of(np.eye(2))) for rows in tables])
    after = NOON.timestamp() + 1
    assert {name: unseen(found, name, [0, 1], after) for name in ("ann", "bob", "eve")} == {
        "ann": pytest.approx([1 / 2, 1]),
        "bob": pytest.approx([1 / 3, 1]),
        "eve": pytest.approx([1 / 2, 1]),
    }
    assert unseen(join_exposures([shown(), found]), "bob", [0, 1], after) == pytest.approx([1 / 3, 1])


@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob", ""]), st.integers(0, 2), st.integers(0, 200), st.integers(-1, 1)))
)
def test_showings_that_come_in_later_count_as_if_all_had_been_there(showings):
    showings = sorted(showings, key=lambda one: -one[2])
    earlier = Unseen(shown(*showings[: len(showings) // 2]))
    middle = Unseen(shown(*showings[: 3 * len(showings) // 4]), earlier)
    rows = np.arange(3)
    for reader in READERS:
        expected = Unseen(shown(*showings))(reader, [1], rows, NOW)
        assert Unseen(shown(*showings), middle)(reader, [1], rows, NOW).tolist() == expected.tolist()


def test_other_showings_than_those_of_before_are_counted_anew():
    earlier = Unseen(shown(("ann", 0, 3, 0), ("ann", 0, 2, 0)))
    found = Unseen(shown(("ann", 0, 4, 0), ("ann", 1, 2, 0)), earlier)("ann", [], np.arange(2), NOW)
    assert found == pytest.approx([1 / 2, 1 / 2])
