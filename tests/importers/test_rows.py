from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.importers.rows import content_hash
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS, USERS
from broadsheet.tables.values import SkipRow, checked_id, checked_ids
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
        ({"news_id": "c", "title": "x", "body": b"\xff"}, "text in bytes that are not UTF-8"),
        ({"news_id": "c\u200b", "title": "x"}, "id with invisible characters"),
        ({"news_id": "\ufeffc", "title": "x"}, "id with invisible characters"),
        ({"news_id": b"\xff", "title": "x"}, "id in bytes that are not UTF-8"),
        ({"news_id": 2.0**53, "title": "x"}, "id is a rounded number"),
        ({"news_id": 10**4000, "title": "x"}, "id longer than 256 characters"),
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
        ({"news_id": "zzz"}, "article not known"),
        ({"time": None}, "no time"),
        ({"time": "12/32/2026"}, "unreadable time"),
        ({"event": "glance"}, "unknown event; expected click, like, comment, share, save, hide, dislike, report"),
        ({"dwell_seconds": "long"}, "unreadable dwell_seconds"),
        ({"dwell_seconds": float("inf")}, "unreadable dwell_seconds"),
        ({"dwell_seconds": 1e300}, "unreadable dwell_seconds"),
        ({"dwell_seconds": float("-inf")}, "unreadable dwell_seconds"),
        ({"dwell_seconds": -1}, "unreadable dwell_seconds"),
        ({"scroll": 85}, "unreadable scroll"),
        ({"scroll": "far"}, "unreadable scroll"),
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
        ({"is_subscriber": "perhaps"}, "unreadable is_subscriber"),
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


def test_half_an_emoji_that_was_taken_out_is_counted_by_column(newsroom):
    with Import(newsroom, keep=["author"]) as add:
        add.news(
            [{"news_id": "c", "title": "Party \ud83d", "author": "\ud83d"}, {"news_id": "d", "title": "\U0001f600"}]
        )
        add.users([{"user_id": "v", "profile": "chess \ude00"}])
    was = "half a character, such as of a cut emoji, was"
    assert add.report.notes == {
        f"news: title: {was} taken out": 1,
        f"news: author: {was} replaced by a question mark": 1,
        f"users: profile: {was} taken out": 1,
    }


def test_an_article_whose_time_cannot_be_read_is_taken_without_a_time_and_noted(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "C", "published_at": "29/03/2026"}, {"news_id": "d", "published_at": "?"}])
    assert news(newsroom).column("published_at").to_pylist()[2:] == [None]
    note = "news: unreadable time, kept without a time"
    assert add.report.notes[note] == 1 and add.report.skipped == {"news: no title and no text": 1}
    assert add.report.examples[note].startswith("found '29/03/2026'; expected ISO 8601 such as 2026-03-29T10:00:00Z")
    assert "found '29/03/2026'" in str(add.report) and add.report.to_dict()["notes"] == {note: 1}


def test_the_first_wrong_value_of_each_reason_is_told_with_what_is_expected(newsroom):
    click = {"user_id": "v", "news_id": "a", "time": NOON}
    with Import(newsroom) as add:
        add.clicks([click, {**click, "time": "3/4/2026"}, {**click, "time": "soon"}, {**click, "event": "glance"}])
    text = str(add.report)
    assert "2  clicks: unreadable time (found '3/4/2026'; expected ISO 8601" in text
    acts = "click, like, comment, share, save, hide, dislike, report"
    assert f"1  clicks: unknown event; expected {acts} (found 'glance'; say" in text


@pytest.mark.parametrize("missing", [None, float("nan"), np.datetime64("NaT")], ids=repr)
def test_what_data_frames_write_for_no_value_costs_no_row(newsroom, missing):
    with Import(newsroom) as add:
        add.users([{"user_id": "w", "history": ["a"]}])
    with Import(newsroom) as add:
        add.users([{"user_id": "w", "history": missing, "hidden": missing, "profile": missing}])
        add.clicks([{"user_id": "w", "news_id": "a", "time": NOON, "event": missing, "dwell_seconds": missing}])
        add.clicks([{"user_id": "w", "news_id": "b", "time": NOON, "event": " HIDE", "dwell_seconds": 1.5}])
        add.impressions("train", [impression("odd", shown=["a", "b"], clicked=missing, propensity=[0.5, missing])])
    assert not add.report.skipped
    assert read_table(newsroom.users, USERS).to_pylist()[-1]["history"] == ["a"]
    clicks = read_table(newsroom.clicks, CLICKS).to_pylist()[-2:]
    assert [(row["event"], row["dwell_seconds"]) for row in clicks] == [("click", None), ("hide", 1.5)]
    shown = read_table(newsroom.impressions("train"), IMPRESSIONS).to_pylist()[-1]
    assert (shown["clicked"], shown["propensity"]) == ([], [0.5, None])


def test_a_click_before_the_publication_is_taken_and_noted(newsroom):
    with Import(newsroom) as add:
        add.clicks([{"user_id": "v", "news_id": "a", "time": NOON - timedelta(seconds=1)}])
    assert add.report.taken["clicks"] == 1
    assert add.report.notes == {"clicks: before the article's time of publication": 1}


@pytest.mark.parametrize("order", [("old", "new", "clicks"), ("old", "clicks", "new"), ("new", "clicks", "old")])
def test_an_update_that_moves_the_time_of_an_article_keeps_its_clicks_in_any_order_of_files(tmp_path, order):
    article = {"news_id": "u1", "title": "Storm"}
    rows = {
        "old": [{**article, "published_at": "2026-01-02T08:00:00Z"}],
        "new": [{**article, "published_at": "2026-01-02T18:00:00Z"}],
        "clicks": [{"user_id": f"r{n}", "news_id": "u1", "time": NOON} for n in range(40)],
    }
    room = Newsroom(tmp_path / "room")
    for name in order:
        with Import(room) as add:
            (add.clicks if name == "clicks" else add.news)(rows[name])
    assert read_table(room.clicks, CLICKS).num_rows == 40


def test_times_without_a_zone_are_of_the_zone_of_the_settings_and_are_counted(tmp_path):
    room = Newsroom(tmp_path)
    room.config_file.write_text('[imports]\ntime_zone = "Europe/Berlin"\n')
    times = ["2026-07-01T10:00", "2026-01-01T10:00", "2026-07-01", "2026-07-01T10:00Z"]
    with Import(room) as add:
        add.news([{"news_id": str(n), "title": "x", "published_at": time} for n, time in enumerate(times)])
    found = read_table(room.news, NEWS).column("published_at").to_pylist()
    assert [f"{time:%m-%d %H}" for time in found] == ["07-01 08", "01-01 09", "06-30 22", "07-01 10"]
    assert add.report.notes == {"times that name no zone, read as Europe/Berlin (setting imports.time_zone)": 2}


def test_a_time_in_the_future_is_taken_and_noted(newsroom):
    with Import(newsroom) as add:
        add.clicks([{"user_id": "v", "news_id": "a", "time": "2171-03-15T09:00Z"}])
    assert add.report.notes == {"clicks: dated in the future": 1} and "such as 2171-03-15 09:00" in str(add.report)


def test_ids_of_other_types_are_their_texts():
    uuid = UUID("dc6efd0f-9cbb-4d49-bb7a-e07a26b60e01")
    found = [7, 7.0, Decimal("7"), np.int64(7), b"n7", uuid, " n7 ", "n7\u00e9"]
    assert [checked_id(value) for value in found] == ["7", "7", "7", "7", "n7", str(uuid), "n7", "n7\u00e9"]
    for value in (True, 7.5, Decimal("7.5"), float("inf"), [7], None, float("nan"), ""):
        with pytest.raises(SkipRow, match="id"):
            checked_id(value)


def test_an_article_without_a_title_gets_the_first_sentence_of_its_text(newsroom):
    with Import(newsroom) as add:
        add.news(
            [{"news_id": "c", "abstract": " Rain fell. Then sun. "}, {"news_id": "d", "body": "One line\nanother"}]
        )
    assert news(newsroom).column("title").to_pylist()[2:] == ["Rain fell.", "One line"]
    assert add.report.titles_made == 2


@given(st.lists(st.text(max_size=3) | st.text("ab", min_size=255, max_size=258), max_size=4))
def test_a_list_of_ids_is_accepted_exactly_when_each_id_is(values):
    def accepts(check, *arguments):
        try:
            check(*arguments)
        except SkipRow:
            return False
        return True

    assert accepts(checked_ids, values, "history") == all(accepts(checked_id, value) for value in values)


def test_an_import_takes_every_act_that_a_build_writes_into_the_corpus():
    from broadsheet.importers.rows import EVENTS
    from broadsheet.live.events.acts import ACTS

    assert set(EVENTS) == set(ACTS)
