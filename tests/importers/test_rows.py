from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.importers.rows import content_hash
from broadsheet.importers.transaction import Import
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS
from broadsheet.tables.values import SkipRow, checked_id, checked_ids, checked_time
from tests.importers.alpha_and_beta import NOON, impression, news


def test_the_content_hash_is_sha256_of_the_four_texts_and_tells_their_borders_apart():
    # printf '["A", "", "", "x"]' | sha256sum
    assert content_hash("A", "", "", "x") == "c5f7dfd77b522f19"
    assert len({content_hash(*texts) for texts in (("ab", "", "", ""), ("a", "b", "", ""), ("", "ab", "", ""))}) == 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"news_id": "", "title": "x"}, "empty id"),
        ({"news_id": "  ", "title": "x"}, "empty id"),
        ({"title": "x"}, "empty id"),
        ({"news_id": 1.5, "title": "x"}, "id is neither text nor a whole number"),
        ({"news_id": "n" * 257, "title": "x"}, "id longer than 256 characters"),
        ({"news_id": "c\n", "title": "x"}, "id with control characters"),
        ({"news_id": "\ud800", "title": "x"}, "id with control characters"),
        ({"news_id": "c", "title": " ", "abstract": " "}, "no title and no text"),
        ({"news_id": "c", "title": ["x"]}, "a text column holds something else"),
        ({"news_id": "c", "title": "x", "published_at": "yesterday"}, "unreadable time"),
    ],
)
def test_a_bad_article_is_skipped_for_a_plain_reason(newsroom, row, reason):
    with Import(newsroom) as add:
        add.news([row, {"news_id": "good", "title": "Good"}])
    assert add.report.skipped == {f"news: {reason}": 1}
    assert news(newsroom).column("news_id").to_pylist() == ["a", "b", "good"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"time": NOON - timedelta(seconds=1)}, "before the article was published"),
        ({"news_id": "zzz"}, "article not known"),
        ({"time": None}, "no time"),
        ({"time": "12/32/2026"}, "unreadable time"),
        ({"event": "glance"}, "unknown event; expected click, like, comment, share, save, hide"),
        ({"dwell_seconds": "long"}, "unreadable dwell_seconds"),
        ({"dwell_seconds": float("nan")}, "unreadable dwell_seconds"),
        ({"dwell_seconds": -1}, "unreadable dwell_seconds"),
        ({"user_id": None}, "empty id"),
    ],
)
def test_a_bad_click_is_skipped_for_a_plain_reason(newsroom, values, reason):
    click = {"user_id": "v", "news_id": "a", "time": NOON}
    with Import(newsroom) as add:
        add.clicks([click, {**click, "user_id": "w", **values}])
    assert add.report.skipped == {f"clicks: {reason}": 1}
    assert read_table(newsroom.clicks, CLICKS).column("user_id").to_pylist() == ["u", "v"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"shown": ["y", "z"]}, "none of the shown articles has text"),
        ({"shown": []}, "no article was shown"),
        ({"shown": ["a", ""]}, "list of shown articles: empty id"),
        ({"shown": "a b"}, "list of shown articles is not a list"),
        ({"clicked": [True]}, "not one label for each shown article"),
        ({"clicked": [1, 0]}, "not one label for each shown article"),
        ({"propensity": [0.5, 1.5]}, "not one probability for each shown article"),
        ({"history": ["a\x00"]}, "history: id with control characters"),
        ({"time": "soon"}, "unreadable time"),
    ],
)
def test_a_bad_impression_is_skipped_for_a_plain_reason(newsroom, values, reason):
    with Import(newsroom) as add:
        add.impressions("train", [impression("good"), impression("bad", **values)])
    assert add.report.skipped == {f"impressions-train: {reason}": 1}
    assert read_table(newsroom.impressions("train"), IMPRESSIONS).column("impression_id").to_pylist() == ["i1", "good"]


def test_half_an_emoji_is_taken_out_of_a_text_and_the_article_is_kept(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Party \ud83d", "abstract": "whole \U0001f600 \ude00half"}])
    (row,) = news(newsroom).slice(2).to_pylist()
    assert (row["title"], row["abstract"]) == ("Party ", "whole \U0001f600 half")


def test_an_article_without_a_title_gets_the_first_sentence_of_its_text(newsroom):
    with Import(newsroom) as add:
        add.news(
            [{"news_id": "c", "abstract": " Rain fell. Then sun. "}, {"news_id": "d", "body": "One line\nanother"}]
        )
    assert news(newsroom).column("title").to_pylist()[2:] == ["Rain fell.", "One line"]
    assert add.report.titles_made == 2


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        "2026-01-02T12:00:00Z",
        "2026-01-02 12:00",
        "2026-01-02T14:00:00+02:00",
        1767355200,
        "1767355200",
        1767355200.0,
        1767355200000,
        "1767355200000",
        " 1.7673552e9 ",
    ],
)
def test_a_time_is_read_in_each_of_its_forms(value):
    assert checked_time(value) == NOON
    assert checked_time(value).tzinfo == UTC


def test_a_day_is_its_midnight_and_eight_digits_are_a_day():
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    assert checked_time(date(2026, 1, 2)) == checked_time("2026-01-02") == checked_time("20260102") == midnight


@pytest.mark.parametrize(
    "value",
    ["soon", "2026-13-01", True, [1], float("nan"), float("inf"), 1e300, "9" * 400, -1e13, "0001-01-01T00:00:00+23:00"],
)
def test_anything_else_is_an_unreadable_time(value):
    with pytest.raises(SkipRow, match="unreadable time"):
        checked_time(value)


@given(st.lists(st.text(max_size=3) | st.text("ab", min_size=255, max_size=258), max_size=4))
def test_a_list_of_ids_is_accepted_exactly_when_each_id_is(values):
    def accepts(check, *arguments):
        try:
            check(*arguments)
        except SkipRow:
            return False
        return True

    assert accepts(checked_ids, values, "history") == all(accepts(checked_id, value) for value in values)
