"""Impressions that come without a history get what the reader had clicked before."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.importers.clicks.histories import LONGEST
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def room(tmp_path):
    room = Newsroom(tmp_path / "room")
    with Import(room) as add:
        add.news({"news_id": news_id, "title": news_id} for news_id in "abcd")
    return room


def click(news_id, minutes, user_id="u", event="click"):
    return {"user_id": user_id, "news_id": news_id, "time": NOON + timedelta(minutes=minutes), "event": event}


def shown(name, minutes, user_id="u", **values):
    return {
        "impression_id": name,
        "user_id": user_id,
        "time": NOON + timedelta(minutes=minutes),
        "shown": ["a", "b"],
        "clicked": [True, False],
        **values,
    }


def histories(room):
    table = read_table(room.impressions("train"), IMPRESSIONS)
    return dict(zip(table.column("impression_id").to_pylist(), table.column("history").to_pylist(), strict=True))


def test_a_history_holds_the_clicks_strictly_before_the_list_oldest_first_and_each_article_once(room):
    with Import(room) as add:
        add.clicks([click("a", 1), click("b", 2), click("a", 3), click("c", 4, event="hide"), click("d", 1, "v")])
    with Import(room) as add:
        add.clicks([click("d", 5)])  # clicks of the same import count with those of the corpus
        add.impressions("train", [shown(f"i{minutes}", minutes) for minutes in (6, 5, 3, 1)])
        add.impressions("train", [shown("new", 9, "w"), shown("v", 9, "v")])
    assert histories(room) == {
        "i6": ["b", "a", "d"],
        "i5": ["b", "a"],
        "i3": ["a", "b"],
        "i1": [],
        "new": [],
        "v": ["d"],
    }
    assert add.report.notes == {
        "impressions-train: no history given, made of the reader's earlier clicks": 4,
        "impressions-train: no history given and no earlier click known, so the history is empty": 2,
    }


def test_a_history_that_is_given_stays_even_if_it_is_empty(room):
    with Import(room) as add:
        add.clicks([click("a", 1)])
        add.impressions("train", [shown("given", 9, history=["zz"]), shown("empty", 9, history=[])])
    assert histories(room) == {"given": ["zz"], "empty": []} and not add.report.notes


def test_an_id_that_two_splits_share_keeps_the_history_of_each(room):
    with Import(room) as add:
        add.clicks([click("a", 1)])
        add.impressions("train", [shown("i", 9, history=["zz"])])
        add.impressions("valid", [shown("i", 9)])
    assert histories(room) == {"i": ["zz"]}
    assert read_table(room.impressions("valid"), IMPRESSIONS)["history"].to_pylist() == [["a"]]


def test_without_any_click_the_clicked_articles_of_earlier_lists_are_the_history(room):
    later = {"shown": ["c", "d"], "clicked": [False, True]}
    with Import(room) as add:
        add.impressions("train", [shown("third", 3), shown("first", 1), shown("second", 2, **later)])
    assert histories(room) == {"first": [], "second": ["a"], "third": ["a", "d"]}


def test_the_newest_articles_of_a_very_long_history_are_kept(tmp_path):
    room = Newsroom(tmp_path / "long")
    with Import(room) as add:
        add.news({"news_id": f"n{number}", "title": "x"} for number in range(LONGEST + 5))
        add.clicks(click(f"n{number}", number / 60) for number in range(LONGEST + 5))
        add.impressions("train", [shown("i", 60, shown=["n1"], clicked=[True])])
    assert histories(room)["i"] == [f"n{number}" for number in range(5, LONGEST + 5)]
