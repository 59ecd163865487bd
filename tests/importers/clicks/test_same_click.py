"""A click is the same click with another time if its reader had the article at most ten minutes apart."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.importers.clicks.same_click import APART_SECONDS, KnownClicks
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def known(tmp_path):
    room = Newsroom(tmp_path)
    with Import(room) as add:
        add.news([{"news_id": news_id, "title": "Alpha"} for news_id in ("7", "8")])
        days = (NOON - timedelta(days=1), NOON, NOON + timedelta(days=1))
        add.clicks({"user_id": "1", "news_id": "7", "time": time} for time in days)
    return KnownClicks(room.clicks)


@pytest.mark.parametrize(
    ("seconds", "is_known"), [(0, True), (APART_SECONDS, True), (-APART_SECONDS, True), (APART_SECONDS + 1, False)]
)
def test_ten_minutes_before_and_after_count(known, seconds, is_known):
    assert known.has(1, 7, NOON + timedelta(seconds=seconds)) is is_known


def test_another_reader_another_article_and_bad_values_are_no_click_before(known):
    assert not known.has(2, 7, NOON) and not known.has(1, 8, NOON)
    assert not known.has(None, 7, NOON) and not known.has(1, 7, None)


def test_without_a_table_there_is_no_click_before(tmp_path):
    assert not KnownClicks(tmp_path / "clicks.arrow").has(1, 7, NOON)
