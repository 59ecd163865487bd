import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ContractError
from broadsheet.newsroom.clock import read_clock
from broadsheet.readers.audience import Audience, Since, open_audience
from broadsheet.tables.arrow_files import empty, from_rows, write_table
from broadsheet.tables.schemas import CLICKS, NEWS, USERS
from tests.support.stage_contract import NOON, hours, news_table, users_table


def clicks_table(*clicks):
    """Clicks from (user, article, hours after noon) and, where it is another, the event."""
    names = ("user_id", "news_id", "time", "event")
    rows = [
        dict(zip(names, (user, news, hours(hour), *(event or ["click"])), strict=True))
        for user, news, hour, *event in clicks
    ]
    return from_rows([{"dwell_seconds": None, **row} for row in rows], CLICKS)


def state(audience, user_id, hour=100.0):
    (row,) = audience.state([user_id], hours(hour)).drop_columns(["reads", "acts"]).to_pylist()
    return row


def test_clicks_follow_the_imported_history_in_order_of_time():
    users = users_table({"user_id": "u", "history": ["A", "B"], "profile": "chess", "hidden": ["X"]})
    audience = Audience(users, clicks_table(("u", "D", 5), ("v", "E", 3), ("u", "C", 2)))
    expected = {"user_id": "u", "history": ["A", "B", "C", "D"], "profile": "chess", "hidden": ["X"]}
    assert state(audience, "u") == expected
    assert state(audience, "v")["history"] == ["E"]


def test_only_clicks_strictly_before_the_moment_count():
    audience = Audience(empty(USERS), clicks_table(("u", "A", 1), ("u", "B", 2), ("u", "C", 3), ("u", "X", 2, "hide")))
    assert state(audience, "u", 2)["history"] == ["A"] and state(audience, "u", 2)["hidden"] == []
    assert state(audience, "u", 2.001)["history"] == ["A", "B"] and state(audience, "u", 2.001)["hidden"] == ["X"]


def test_an_article_read_again_stands_once_where_it_was_read_last():
    users = users_table({"user_id": "u", "history": ["A", "B", "A", "C"]})
    audience = Audience(users, clicks_table(("u", "B", 1), ("u", "D", 2), ("u", "D", 3)))
    assert state(audience, "u")["history"] == ["A", "C", "B", "D"]


def test_every_event_of_reading_counts_as_history_and_hide_hides():
    events = ["click", "like", "comment", "share", "save", "hide", "hide"]
    clicks = clicks_table(*(("u", f"N{min(number, 5)}", number, event) for number, event in enumerate(events)))
    found = state(Audience(empty(USERS), clicks), "u")
    assert found["history"] == ["N0", "N1", "N2", "N3", "N4"] and found["hidden"] == ["N5"]


def test_an_unknown_user_has_an_empty_row_and_users_keep_the_order_asked_for():
    audience = Audience(users_table({"user_id": "u", "history": ["A"]}), clicks_table(("v", "B", 1)))
    table = audience.state(["who", "v", "u"], hours(9))
    assert table.schema.equals(USERS, check_metadata=True)
    assert table["user_id"].to_pylist() == ["who", "v", "u"] and table["history"].to_pylist() == [[], ["B"], ["A"]]
    assert "who" not in audience and "u" in audience and "v" in audience
    assert len(audience.state([], hours(9))) == 0


def test_all_users_come_in_the_order_of_the_tables():
    audience = Audience(users_table({"user_id": "z"}, {"user_id": "b"}), clicks_table(("b", "A", 1), ("a", "A", 1)))
    assert audience.all() == ["z", "b", "a"]


def test_active_users_clicked_within_the_days_or_have_a_profile():
    users = users_table({"user_id": "says", "profile": "chess"}, {"user_id": "old", "history": ["A"]})
    clicks = clicks_table(("old", "A", 0), ("recent", "A", 25), ("late", "A", 49), ("edge", "A", 24))
    audience = Audience(users, clicks)
    assert audience.active(hours(48), 1) == ["says", "edge", "recent"]
    assert set(audience.active(hours(48), 2)) == {"says", "old", "edge", "recent"}


def test_without_any_click_logged_users_with_a_history_or_a_profile_are_active():
    users = users_table({"user_id": "a", "history": ["A"]}, {"user_id": "b", "profile": "x"}, {"user_id": "c"})
    assert Audience(users, empty(CLICKS)).active(NOON, 30) == ["a", "b"]


def test_tables_without_rows_are_an_audience_of_nobody_and_a_missing_table_is_an_error(tmp_path):
    users, clicks = tmp_path / "users.arrow", tmp_path / "clicks.arrow"
    write_table(users, empty(USERS), USERS)
    with pytest.raises(ContractError, match=r"clicks\.arrow: no such file"):
        open_audience(users, clicks)
    write_table(clicks, empty(CLICKS), CLICKS)
    audience = open_audience(users, clicks)
    assert audience.all() == [] and audience.active(NOON, 30) == []
    assert state(audience, "u") == {"user_id": "u", "history": [], "profile": "", "hidden": []}


@pytest.mark.parametrize(("with_clicks", "expected"), [(True, 7), (False, 3)])
def test_the_clock_of_an_archive_is_just_after_its_latest_article_or_click(tmp_path, with_clicks, expected):
    news, clicks = tmp_path / "news.arrow", tmp_path / "clicks.arrow"
    write_table(news, news_table(3, published_at=[hours(1), None, hours(3)]), NEWS)
    if with_clicks:
        write_table(clicks, clicks_table(("u", "N0", 7), ("u", "N1", 2)), CLICKS)
    assert (read_clock("latest", news, clicks) - hours(expected)).total_seconds() == 1
    assert abs((read_clock("now", news, clicks) - read_clock("now", news, clicks)).total_seconds()) < 5
    assert read_clock("now", news, clicks) > hours(1000)


def test_what_readers_did_since_the_table_was_written_counts_and_what_they_took_back_does_not():
    audience = Audience(users_table({"user_id": "u", "history": ["A"]}), clicks_table(("u", "B", 1), ("v", "E", 1)))
    since = Since(
        clicks_table(("u", "C", 2), ("u", "X", 3, "hide"), ("u", "Y", 3, "dislike")), clicks_table(("u", "B", 1))
    )
    users = audience.state(["u", "v", "new"], hours(9), since)
    assert users["history"].to_pylist() == [["A", "C"], ["E"], []]
    assert users["hidden"].to_pylist() == [["X", "Y"], [], []]
    assert users["user_id"].to_pylist() == ["u", "v", "new"], "readers stay in the order asked for"
    before = audience.state(["u"], hours(2), since)
    assert before["history"].to_pylist() == [["A"]], "what happened at the moment or later does not count"


@given(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("ABC"), st.integers(0, 9)), max_size=12), st.data())
def test_a_click_counts_the_same_in_the_table_and_since(clicks, data):
    cut = data.draw(st.integers(0, len(clicks)))
    whole, part = (Audience(empty(USERS), clicks_table(*rows)) for rows in (clicks, clicks[:cut]))
    since = Since(clicks_table(*clicks[cut:]), clicks_table())
    assert part.state(["v", "u"], hours(8), since).equals(whole.state(["v", "u"], hours(8)))
