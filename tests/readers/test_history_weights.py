"""What the articles of a history count, with numbers worked out by hand."""

import numpy as np
import pytest

from broadsheet.config.acts import ActsConfig, ActsInHistory
from broadsheet.readers.audience import Audience
from broadsheet.readers.history_weights import history_weights
from broadsheet.readers.state import ReaderState, reader_states
from broadsheet.retrieval.towers.user_tower import new_user_tower
from broadsheet.tables.arrow_files import empty, from_rows
from broadsheet.tables.schemas import CLICKS, USERS
from tests.support.stage_contract import catalogue_of, hours

DAY = 86400
NAN = np.nan


def weights(*reads, **history):
    weigh = history_weights(ActsConfig(history=ActsInHistory(**history)))
    assert weigh is not None
    known = np.array([(age, seconds, NAN) for age, seconds in reads], np.float32)
    user = {"user_id": "u", "history": [], "profile": "", "hidden": []}
    return weigh(ReaderState(user, range(len(reads)), reads=known)).tolist()


def test_by_the_defaults_all_articles_count_the_same():
    assert history_weights(ActsConfig()) is None


def test_long_and_short_reads_count_what_the_settings_say_and_unknown_lengths_count_one():
    assert weights((9, 60), (9, 59), (9, 4), (9, 5), (9, NAN), long_read=3, short_read=0) == [3, 1, 0, 1, 1]


def test_older_reads_count_half_after_each_half_life_and_reads_without_a_time_like_the_oldest():
    found = weights((5 * DAY, NAN), (NAN, NAN), (3 * DAY, 90), (1 * DAY, NAN), half_life_days=2, long_read=4)
    assert found == pytest.approx([0.25, 0.25, 2, 1])
    assert weights((NAN, NAN), (NAN, NAN), half_life_days=2) == [1, 1]


def test_of_several_acts_the_one_that_counts_most_decides_a_long_read_multiplies_and_a_hide_leaves_out():
    did = [("N0", "click", None), ("N1", "click", 90.0), ("N1", "like", None), ("N2", "share", None)]
    did += [("N3", "click", None), ("N3", "dislike", None), ("N4", "like", None), ("N9", "like", None)]
    rows = [
        {"user_id": "u", "news_id": name, "event": kind, "time": hours(place), "dwell_seconds": seconds, "scroll": None}
        for place, (name, kind, seconds) in enumerate(did, -10)
    ]
    rows.append(rows[-2] | {"news_id": "N0", "time": hours(1)})  # a like that is still to come
    users = Audience(empty(USERS), from_rows(rows, CLICKS)).state(["u", "nobody"], hours(0))
    reader, nobody = reader_states(users, catalogue_of(np.eye(5)))
    weigh = history_weights(ActsConfig(history=ActsInHistory(like=3, share=0.5, long_read=2, hide=0)))
    assert weigh(reader).tolist() == [1, 6, 0.5, 0, 3] and weigh(nobody).tolist() == []
    assert [users["acts"].to_pylist()[0], reader.acts.tolist()] == [[1, 3, 8, 1, 2, 2], [1, 3, 8, 33, 2]]


def test_an_untrained_user_tower_is_the_weighted_mean_and_an_article_of_weight_0_is_left_out():
    east, north, up = np.eye(3, dtype=np.float32)
    tower = new_user_tower(3, history=5)
    found = tower.encode([np.stack([east, north, up]), np.stack([east, north])], [np.array([3, 4, 0]), np.ones(2)])
    assert found[0, 0].tolist() == pytest.approx([0.6, 0.8, 0], abs=1e-6)
    np.testing.assert_array_equal(found[1], tower.encode([np.stack([east, north])])[0])
    assert not tower.encode([np.stack([east])], [np.zeros(1)]).any(), "nothing is known of this reader"
