import numpy as np

from broadsheet.corpus.exposures import UNKNOWN, make_exposures, no_exposures
from broadsheet.live.live_counts import Showings


def test_a_showing_has_its_slot_unless_it_is_known_to_have_been_in_sight():
    showings = Showings(no_exposures())
    showings.add("P1", "u", 1.0, [4, -1, 6], [0.5, 1.0, 0.25])
    showings.add("P2", "u", 2.0, [7, 8], None)
    showings.see("P2", 2)
    found = showings.exposures()
    assert found.rows.tolist() == [4, 6, 8] and found.slots.tolist() == [1, 3, UNKNOWN]


def test_showings_of_the_edition_keep_their_slots():
    first = make_exposures(np.array([3, 5]), np.array([1.0, 0.5]), np.array([0, 1], np.int8), slots=np.array([2, 9]))
    showings = Showings(first)
    showings.add("P", "", 2.0, [1], [1.0])
    assert showings.exposures().slots.tolist() == [9, 2, 1]
