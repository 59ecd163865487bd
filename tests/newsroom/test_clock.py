"""The clock of an archive, which no few outliers can set."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.clock import ignored_by_clock, latest_time, read_clock

DAY = 86400.0


def of_days(*days):
    return np.array(days, np.float64) * DAY


@pytest.mark.parametrize(
    ("days", "latest", "ignored"),
    [
        ([1, 2, 3, 4, 5], 5, 0),
        ([1, 2, 3, 4, 36], 4, 1),  # 32 days after the others, of which half lie within two days
        ([1, 2, 3, 4, 33], 33, 0),  # 29 days after the others
        ([1, 2, 3, 36], 36, 0),  # of four times none can be told an outlier
        ([1, 2, 3, 4, 50, 51], 51, 0),  # two of six are no single mistake
        ([1, 2, 3, 4, 5, 2000], 5, 1),  # after now
        ([2000, 2001], None, 2),
        ([], None, 0),
        ([*range(0, 400, 10), 500], 500, 0),  # 110 days are no long time after a year
        ([*range(998), 1700, 1710], 1710, 0),  # two of a thousand times are one too many
        ([0] + [900] * 1998 + [950, 960], 900, 2),
    ],
)
def test_the_latest_time_is_told_from_a_few_that_lie_far_behind(days, latest, ignored):
    found = latest_time(of_days(*days), now=1990 * DAY)
    assert found == (None if latest is None else latest * DAY, ignored)


@pytest.mark.parametrize("year", [2018, 2071])
def test_one_click_of_another_year_does_not_set_the_clock_of_an_archive(tmp_path, year):
    room = Newsroom(tmp_path)
    with Import(room) as add:
        add.news([{"news_id": f"a{n}", "title": "x", "published_at": f"2017-03-1{n}T10:00:00Z"} for n in range(5)])
        add.clicks([{"user_id": "ann", "news_id": "a0", "time": "2017-03-15T08:00:00Z"}])
        add.clicks([{"user_id": "zed", "news_id": "a2", "time": f"{year}-03-15T09:00:00Z"}])
    clock = read_clock("latest", room.news, room.clicks)
    assert clock == datetime(2017, 3, 15, 8, tzinfo=UTC) + timedelta(seconds=1)
    assert ignored_by_clock("latest", room.news, room.clicks) == 1
    assert ignored_by_clock("now", room.news, room.clicks) == 0
