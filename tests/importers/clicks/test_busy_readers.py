"""Readers who click more than a person can are named in the report of an import."""

from datetime import UTC, datetime, timedelta

from broadsheet.importers.clicks.busy_readers import MOST_A_DAY
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)


def clicks(user_id, count, start=MIDNIGHT):
    return [{"user_id": user_id, "news_id": "a", "time": start + timedelta(seconds=n)} for n in range(count)]


def test_a_reader_with_more_than_a_thousand_clicks_in_a_day_is_named_and_the_clicks_are_taken(tmp_path):
    room = Newsroom(tmp_path)
    two_days = MIDNIGHT - timedelta(seconds=MOST_A_DAY)
    with Import(room) as add:
        add.news([{"news_id": "a", "title": "Alpha"}])
        add.clicks(clicks("bot", MOST_A_DAY + 2) + clicks("person", MOST_A_DAY) + clicks("night", 1500, two_days))
    key = "clicks: of readers with more than 1,000 events in a day, who may be programs"
    assert add.report.notes == {key: 1002}
    assert add.report.examples[key] == "1 reader, such as 'bot' with 1,002 on 2026-01-02"
    assert len(read_table(room.clicks, CLICKS)) == add.report.taken["clicks"] == 3502


def test_an_ordinary_log_has_no_such_note(tmp_path):
    with Import(Newsroom(tmp_path)) as add:
        add.news([{"news_id": "a", "title": "Alpha"}])
        add.clicks(clicks("person", 20))
    assert not add.report.notes
